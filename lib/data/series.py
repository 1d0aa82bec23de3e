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

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.data.series_split import (
    PUBLISHED,
    Base,
    Published,
    base_offsets,
    cut_series,
    read_columns,
    trivial_errors,
)
from lib.error import UserError
from lib.loss import absolute_error, squared_error
from lib.setting import Count, Probability, Size
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task


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
    table, fingerprint = read_columns(source, path, columns, encoding)
    shares = train_share, validation_share
    series = cut_series(table, rows or known.rows, shares)
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
