"""Memory capacity: how much of each past input a model's outputs still hold.

Short term memory in echo state networks (Jaeger 2001, GMD report 152): the sum over
lags of the squared correlation between an output and the input of that lag, at most the
number of lags, and for linear readouts of independent inputs at most the size of the
state. A horizon curve of one trained model: R^2(lag) is 1 for a delay line up to its
length and 0 beyond, (1 - a^2) a^(2 lag) for a leaky unit h_t = a h_{t-1} + x_t.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lib.types import Batch, Metric


class Moments(NamedTuple):
    """Sums over scored steps that a correlation follows from, for each lag."""

    num_steps: Float[Array, ""]
    output: Float[Array, " V"]
    target: Float[Array, " V"]
    output_square: Float[Array, " V"]
    target_square: Float[Array, " V"]
    product: Float[Array, " V"]


def _accumulate(outputs: Float[Array, "B T V"], batch: Batch) -> Moments:
    mask = batch.mask[..., None]
    y, x = outputs.astype(batch.mask.dtype), batch.targets
    total = lambda values: jnp.sum(values * mask, axis=(0, 1))
    firsts, seconds = (total(y), total(x)), (total(y * y), total(x * x))
    return Moments(jnp.sum(batch.mask), *firsts, *seconds, total(x * y))


def squared_correlations(sums: Moments) -> Float[np.ndarray, " V"]:
    """R^2 of each lag, in [0, 1]; 0 where an output does not change."""
    count = float(sums.num_steps)
    output, target, y2, x2, xy = (np.asarray(s, np.float64) / count for s in sums[1:])
    variances = (y2 - output**2) * (x2 - target**2)
    # Below the rounding of sums in float32 there is no variance.
    moves = (y2 - output**2 > 1e-6 * y2) & (variances > 0)
    squares = (xy - output * target) ** 2
    return np.divide(squares, variances, out=np.zeros_like(xy), where=moves)


def _finalize(sums: Moments) -> float:
    num_steps = float(sums.num_steps)
    return float(np.sum(squared_correlations(sums))) if num_steps else float("nan")


memory_capacity = Metric(_accumulate, _finalize, by_step=True)
