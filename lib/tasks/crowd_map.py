"""Distances on a response map, and what is made of them: a loss and two scores.

Place (i, j) of a map is the middle of pixels 8 i to 8 i + 7 and 8 j to 8 j + 7.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lib.loss import masked, mean
from lib.types import Batch, Mean, Metric

STRIDE = 8
NEAR = 8.0  # pixels: found
WIDTH = 6.0  # standard deviation of the soft target around a figure, in pixels
MARGIN = 16  # pixels at a crop's border that are not scored
_FAR = 24.0  # pixels: beyond them a place has nothing to do with a target
_HALF_CELL = math.sqrt(2 * (STRIDE / 2) ** 2)


def region(side: int) -> tuple[int, int, int]:
    """First scored cell, one past the last, and the pixels a side of their squares."""
    first, last = MARGIN // STRIDE, (side - MARGIN) // STRIDE
    return first, last, (last - first) * STRIDE


def centres(side: int) -> Float[np.ndarray, " p"]:
    """The middle of each cell along one side, in pixels: 3.5, 11.5, ..."""
    return np.arange(-(-side // STRIDE)) * STRIDE + (STRIDE - 1) / 2


def distance_map(
    places: Int[Array, "B M 2"], own: Array, side: int
) -> tuple[Float[Array, "B P"], Float[Array, "B P"]]:
    """How far each cell is from the nearest of its crop's targets, and what is scored.

    `places` are relative to the crop's corner; those that are not `own` are ignored.
    """
    first, last, _ = region(side)
    low, high = first * STRIDE, last * STRIDE
    inside = own & jnp.all((places >= low) & (places < high), axis=-1)
    middle = jnp.asarray(centres(side), jnp.float32)

    def nearest(which: Array) -> Array:
        gap = lambda axis: jnp.square(
            places[:, None, :, axis].astype(jnp.float32) - middle[None, :, None]
        )
        square = gap(0)[:, :, None, :] + gap(1)[:, None, :, :]  # [B, p, p, M]
        square = jnp.where(which[:, None, None, :], square, jnp.inf)
        return jnp.sqrt(jnp.min(square, axis=-1)).reshape(len(places), -1)

    cell = np.arange(len(centres(side)))
    scored = (cell >= first) & (cell < last)
    mask = jnp.asarray((scored[:, None] & scored[None, :]).reshape(1, -1))
    to_inside, to_outside = nearest(inside), nearest(own & ~inside)
    mask = mask & ((to_outside > _FAR) | (to_inside <= to_outside))
    return jnp.minimum(to_inside, to_outside), mask.astype(jnp.float32)


def blind_hits(side: int) -> int:
    """Of the places a target may have, how many are near the best cell to name."""
    first, last, _ = region(side)
    at = np.arange(first * STRIDE, last * STRIDE)
    middle = centres(side)[first:last]
    near = np.square(at[None, :] - middle[:, None])  # [cells, pixels]
    hits = near[:, None, :, None] + near[None, :, None, :] <= NEAR**2
    return int(hits.sum(axis=(2, 3)).max())


def _accumulate_focal(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Quality focal loss (Li et al. 2020, arXiv:2006.04388), in nats a crop.

    |y - p|^2 (-y log p - (1 - y) log(1 - p)) summed over the scored places, with
    p = sigmoid(output) and y = exp(-d^2 / 2 s^2) at d pixels from the figure, s = 6.
    """
    logits = outputs[..., 0]
    y = jnp.exp(-jnp.square(batch.targets) / (2 * WIDTH**2))
    nats = jax.nn.softplus(logits) - logits * y
    total = jnp.sum(jnp.square(y - jax.nn.sigmoid(logits)) * nats * batch.mask)
    return Mean(total, jnp.float32(len(logits)))


def _peak(outputs: Float[Array, "B P 1"], batch: Batch) -> tuple[Array, Array, Array]:
    """The highest scored answer, its distance from a figure, whether there is one."""
    answers = jnp.where(batch.mask > 0, outputs[..., 0], -jnp.inf)
    at = jnp.argmax(answers, axis=1)[:, None]
    pick = lambda values: jnp.take_along_axis(values, at, axis=1)[:, 0]
    nearest = jnp.min(jnp.where(batch.mask > 0, batch.targets, jnp.inf), axis=1)
    return pick(answers), pick(batch.targets), nearest <= _HALF_CELL


def _accumulate_found(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Share of the crops with a target whose highest answer is within 8 pixels."""
    _, distance, there = _peak(outputs, batch)
    return masked((distance <= NEAR).astype(jnp.float32), there.astype(jnp.float32))


def _accumulate_alarms(outputs: Float[Array, "B P 1"], batch: Batch) -> Mean:
    """Share of the crops without a target that have an answer above 1/2."""
    highest, _, there = _peak(outputs, batch)
    return masked((highest > 0).astype(jnp.float32), 1 - there.astype(jnp.float32))


focal = Metric(_accumulate_focal, mean)
found = Metric(_accumulate_found, mean)
false_alarm = Metric(_accumulate_alarms, mean)
