"""Forecasting: after every row of a series, predict its next `horizon` rows.

The series are columns of a CSV file, published ones or a user's own, cut by position
into training, validation and test. Each column is z-scored by the mean and standard
deviation of its training rows (x below). An example is a window of T rows; at every
step t all the values of the next h rows are predicted at once, h C outputs:

    inputs   x_1           x_2           ...  x_T
    targets  x_2..x_{1+h}  x_3..x_{2+h}  ...  x_{T+1}..x_{T+h}      each minus its base

What is predicted is the change from a base: 0, the last row read, or the row at the
same phase of the last season that was read. The base is known, so the squared error of
the change is the error of the forecast.

Training draws windows that lie, targets and all, within the training rows, and scores
every step. Evaluation scores the last position of every window of `length` rows whose
targets lie within the split, so that each of its forecast origins counts once; a window
may begin in the split before, as is customary (Zhou et al. 2021, arXiv:2012.07436). As
`stream_at` a split is read in order, each origin scored as it is passed.

Loss: the squared error of z-scored values, mean over the values of a forecast. Floor:
the training mean, which is 0. The optimum is unknown.
"""

import functools
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.data import dataset
from lib.data.encoding import read_text
from lib.data.table import Table, read_table
from lib.error import UserError
from lib.loss import absolute_error, squared_error
from lib.setting import Count, Probability, Size
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

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


def make_series(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    source: Literal["sunspots", "airline", "etth1", "file"] = "sunspots",
    path: str = "",
    columns: tuple[str, ...] = (),
    encoding: str = "utf-8",
    rows: tuple[Size, ...] = (),
    train_share: Probability = 0.6,
    validation_share: Probability = 0.2,
    horizon: Size = 1,
    season: Count = 0,
    relative_to: Base = "zero",
    inputs: Literal["values", "changes"] = "values",
) -> Task:
    """Forecasts of the next `horizon` rows from windows of `length` rows, at least 1.

    `source` "file" reads the CSV at `path`; `columns` () are all its columns of
    numbers. `rows` are those of training, validation and test; () for the customary
    ones, else by shares, the test having the rest. `season` 0 is the customary one.
    With `inputs` "changes" a row is read as its change from the row before it, or from
    the row a season before, as `relative_to` says: levels that drift away from those of
    the training rows do not reach the network. Where there is no such row it reads 0.
    """
    known = PUBLISHED.get(source, Published(0, "same phase, last season", ()))
    names = {"zero": "training mean", "last": "last value"}
    own = season in (0, known.season)
    names["season"] = known.season_name if own else "same phase, last season"
    season = season or known.season
    if relative_to == "season" and not season:
        raise UserError("series: relative_to 'season' needs a season, got 0.")
    table, fingerprint = _read(source, path, columns, encoding)
    shares = train_share, validation_share
    series = _cut(table, rows or known.rows, shares)
    start, stop = series.bounds[SPLITS.index(split) :][:2]
    longest = series.bounds[1] - horizon
    if not 1 <= max_length <= longest:
        raise UserError(
            f"series: length must be at least 1 and at most {longest}, the training "
            f"rows less the horizon, got {max_length}."
        )
    # The last row of the first window; a window may reach back into the split before.
    first = max(start - 1, max_length - 1)
    num_origins = stop - horizon - first
    if num_origins < 1:
        raise UserError(
            f"series: the {split} split has {stop - start} rows, too few for a "
            f"horizon of {horizon}."
        )
    num_columns = len(series.columns)
    stream_size = math.ceil(num_origins / batch_size)

    ahead = np.arange(1, horizon + 1, dtype=np.int32)[None, None, :]
    back = base_offsets(relative_to, horizon, season or 1).astype(np.int32)

    def read(data: PyTree, position: Array) -> Array:
        rows = data["values"].at[position].get(mode="clip")  # [B, T, C]
        if inputs == "values" or relative_to == "zero":
            return rows
        before = position - (1 if relative_to == "last" else season)
        changes = rows - data["values"].at[before].get(mode="clip")
        return jnp.where((before >= 0)[..., None], changes, 0)

    def forecasts(data: PyTree, position: Array, inside: Array, scored: Array) -> Batch:
        rows_at = lambda index: data["values"].at[index].get(mode="clip")  # [..., C]
        targets = rows_at(position[..., None] + ahead)  # [B, T, h, C]
        scored = scored & (position < data["stop"] - horizon)
        if relative_to != "zero":
            base = position[..., None] + back[None, None, :]
            targets = targets - rows_at(base)
            scored &= jnp.min(base, axis=-1) >= 0
        targets = targets.reshape(*position.shape, horizon * num_columns)
        return Batch(
            inputs=jnp.where(inside[..., None], read(data, position), 0),
            targets=jnp.where(scored[..., None], targets, 0),
            mask=scored.astype(jnp.float32),
        )

    offset = jnp.arange(max_length, dtype=jnp.int32)[None, :]
    example = jnp.arange(batch_size, dtype=jnp.int32)[:, None]

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        shape, beyond = (batch_size, 1), data["stop"] - horizon - max_length + 1
        low = data["first"] - max_length + 1
        begin = jax.random.randint(key, shape, low, beyond, jnp.int32)
        position, inside = begin + offset, _rows(offset < length, batch_size)
        # A window may begin before the split: that is read, not scored.
        return forecasts(
            data, position, inside, inside & (position >= data["start"] - 1)
        )

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        origin = data["first"] + index * batch_size + example
        position = origin - length + 1 + offset
        inside = _rows(offset < length, batch_size)
        last = _rows(offset == length - 1, batch_size)
        return forecasts(data, position, inside, last)

    def stream_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        size = -(-(data["stop"] - horizon - data["first"]) // batch_size)
        place = index * length + offset  # in each stream
        inside = _rows((offset < length) & (place < size), batch_size)
        batch = forecasts(data, data["first"] + example * size + place, inside, inside)
        return batch._replace(reset=_rows(place == 0, batch_size))

    origins = np.arange(first, stop - horizon)
    errors = trivial_errors(series.values, origins, horizon, season)
    return Task(
        sample=sample,
        interface=Interface(0, num_columns, horizon * num_columns),
        max_length=max_length,
        loss=squared_error,
        metrics={"mse": squared_error, "mae": absolute_error},
        score_metric="mse",
        floor=lambda length: errors["zero"],
        optimum=None,
        window_score=None,
        version=1,
        data={
            "values": jnp.asarray(series.values, jnp.float32),
            "start": jnp.int32(start),
            "first": jnp.int32(first),
            "stop": jnp.int32(stop),
        },
        fingerprint=fingerprint,
        system="regression",
        facts={
            "metric": "mse",
            "unit": "z-scored by the training rows",
            "columns": list(series.columns),
            "mean": series.mean.tolist(),
            "std": series.std.tolist(),
            "bounds": list(series.bounds),
            "horizon": horizon,
            "season": season,
            "relative_to": relative_to,
            "num_origins": num_origins,
            "trivial": {names[base]: error for base, error in errors.items()},
        },
        eval_batches=math.ceil(num_origins / batch_size),
        batch_at=batch_at,
        stream_batches=math.ceil(stream_size / max_length),
        stream_at=stream_at,
    )


def _rows(row: Array, batch_size: int) -> Array:
    """One row for all examples [B, T]."""
    return jnp.broadcast_to(row, (batch_size, row.shape[1]))


def _read(
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


def _cut(table: Table, rows: Sequence[int], shares: tuple[float, float]) -> Series:
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
