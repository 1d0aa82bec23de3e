"""Series as numbers: read, cut into splits, z-scored, and forecast without training.

A series is columns of a published CSV file or of a user's own. Each column is z-scored
by the mean and standard deviation of its training rows.
"""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lib.data import dataset
from lib.data.encoding import read_text
from lib.data.table import Table, read_table
from lib.error import UserError

Base = Literal["zero", "last", "season"]


class Published(NamedTuple):
    """What is customary for a published series."""

    season: int  # rows
    season_name: str
    rows: tuple[int, ...]  # of training, validation, test; (): by shares


PUBLISHED = {
    "sunspots": Published(132, "same month, 11 years before", ()),
    "airline": Published(12, "same month, last year", ()),
    "etth1": Published(24, "same hour, yesterday", (8640, 2880, 2880)),
}


class Series(NamedTuple):
    """Columns in z-scores, and where the splits begin and end."""

    columns: tuple[str, ...]
    values: Float[np.ndarray, "N C"]
    mean: Float[np.ndarray, " C"]  # of the training rows, in the file's units
    std: Float[np.ndarray, " C"]
    bounds: tuple[int, ...]


def base_offsets(base: Base, horizon: int, season: int) -> Int[np.ndarray, " h"]:
    """Where the base of each of the next rows is, in rows after the last one read.

    For "season" it is the latest row that was read at the same phase; it may lie before
    the series begins.
    """
    ahead = np.arange(1, horizon + 1)
    return 0 * ahead if base == "last" else ahead - season * (-(-ahead // season))


def trivial_errors(
    values: Float[np.ndarray, "N C"],
    origins: Int[np.ndarray, " O"],
    horizon: int,
    season: int,
) -> dict[str, float]:
    """Mean squared errors of forecasts that need no training, by name.

    Over all origins, horizons and columns; "season" only where every origin has one.
    """
    ahead = np.arange(1, horizon + 1)
    truth = values[origins[:, None] + ahead]  # [O, h, C]
    found = {"zero": float(np.mean(truth**2))}
    for base in ("last", "season") if season else ("last",):
        rows = origins[:, None] + base_offsets(base, horizon, season)
        if rows.min() >= 0:
            found[base] = float(np.mean((truth - values[rows]) ** 2))
    return found


def read_columns(
    source: str, path: str, columns: tuple[str, ...], encoding: str
) -> tuple[Table, str]:
    """The columns of a source, and what its content is known by."""
    if (source == "file") != bool(path):
        raise UserError(
            "series: source 'file' and a path go together, got source "
            f"{source!r} and path {path!r}."
        )
    if source != "file":
        text = dataset.load(source)["all"][0]["text"]
        return _parse(source, text, columns), dataset.fingerprint(source)
    text = read_text(Path(path).expanduser(), encoding)
    return _parse(path, text, columns), hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(maxsize=8)
def _parse(place: str, text: str, columns: tuple[str, ...]) -> Table:
    return read_table(place, text, columns)


def cut_series(
    table: Table, rows: Sequence[int], shares: tuple[float, float]
) -> Series:
    """The splits' bounds, and the columns z-scored by the training rows."""
    size = len(table.values)
    if not rows:
        if not (0 < shares[0] and 0 < shares[1] and sum(shares) < 1):
            raise UserError(
                "series: train_share and validation_share must be above 0 and leave "
                f"a rest to test on, got {shares[0]} and {shares[1]}."
            )
        train, validation = (int(size * share) for share in shares)
        rows = (train, validation, size - train - validation)
    if len(rows) != 3 or sum(rows) > size:
        raise UserError(
            "series: rows must be those of training, validation and test, together "
            f"at most {size}, got {tuple(rows)}."
        )
    bounds = (0, *np.cumsum(rows).tolist())
    training = table.values[: bounds[1]]
    mean, std = training.mean(0), training.std(0)
    for name, spread in zip(table.columns, std, strict=True):
        if not spread > 0:
            raise UserError(f"series: column {name!r} is constant in the training rows")
    return Series(table.columns, (table.values - mean) / std, mean, std, bounds)
