"""What stays when a picture moves: the share of units that change, layer by layer.

A layer that only detects gives other values at every place when its input moves by a
pixel; pooling over places gives many of the same again, since the largest of a few
neighbours is often the same one (Goodfellow, Bengio & Courville 2016, Deep Learning,
section 9.3, figure 9.8).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Shaped

from lib.ops.motion import shift
from lib.types import Layers, Params

TOLERANCE = 0.1
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # right, left, down, up

Images = Float[Array, "B H W C"]


class Changed(NamedTuple):
    """Sums over units that add: how many changed, and how many there were."""

    changed: Float[Array, ""]
    active: Float[Array, ""]  # units that answered to one of the two pictures


def changed_units(
    before: Float[Array, "B *S"],
    after: Float[Array, "B *S"],
    tolerance: float,
    counted: Float[Array, " B"],
) -> Changed:
    """Units whose value changed by more than `tolerance`, relative to its size.

    Of the pictures that are `counted`, 1 or 0: others fill up a batch.

    Active: max(|a|, |a'|) > tolerance r, with a before and a' after, r the root mean
    square of the layer before. Changed: active, and |a' - a| > tolerance max(|a|, |a'|,
    r). The shares are of the active units: where a picture is empty a detector has
    nothing to answer before and after, and its silence is no invariance.
    """
    weight = jnp.broadcast_to(
        counted.reshape(-1, *[1] * (before.ndim - 1)), before.shape
    )
    squares = jnp.sum(weight * jnp.square(before))
    typical = jnp.sqrt(squares / jnp.maximum(jnp.sum(weight), 1))
    largest = jnp.maximum(jnp.abs(before), jnp.abs(after))
    moved = jnp.abs(after - before) > tolerance * jnp.maximum(largest, typical)
    active = largest > tolerance * typical
    count = lambda x: jnp.sum(weight * x.astype(jnp.float32))
    return Changed(count(moved & active), count(active))


def changed_by_move(
    layers: Layers,
    params: Params,
    images: Images,
    move: Callable[[Images, Array], Images],
    steps: Shaped[Array, "N M *S"],
    counted: Float[Array, " B"],
) -> list[Changed]:
    """For each layer the sums [N] over the M moves `move(images, step)` of each row.

    The picture itself comes first, as the layer before all others.
    """
    values = lambda x: (x, *layers.apply(params, x))
    before = values(images)

    def at(step: Array) -> list[Changed]:
        pairs = zip(before, values(move(images, step)), strict=True)
        return [changed_units(a, b, TOLERANCE, counted) for a, b in pairs]

    sums = lax.map(at, steps.reshape(-1, *steps.shape[2:]))
    over_moves = lambda x: x.reshape(len(steps), -1).sum(axis=1)
    return jax.tree.map(over_moves, sums)


def shift_by(images: Images, step: Int[Array, " 2"]) -> Images:
    """Moved down and to the right by the two numbers of pixels."""
    return shift(images, step[0], step[1])


def shift_steps(distances: Sequence[int]) -> Int[np.ndarray, "N 4 2"]:
    """Each distance in pixels in four directions, for `shift_by`."""
    far = np.asarray(distances, np.int32)[:, None, None]
    return far * np.asarray(DIRECTIONS, np.int32)[None]


def turn_steps(degrees: Sequence[int]) -> Float[np.ndarray, "N 2"]:
    """Each turn to both sides, for `lib.ops.motion.rotate`."""
    return np.asarray(degrees, np.float32)[:, None] * np.asarray([[1, -1]], np.float32)


def share(sums: Changed) -> np.ndarray:
    """The share of the active units that changed, at each distance."""
    return np.asarray(sums.changed) / np.maximum(np.asarray(sums.active), 1)
