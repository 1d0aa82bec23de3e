"""What stays when a picture moves: the share of units that change, layer by layer.

A layer that only detects gives other values at every place when its input moves by a
pixel; pooling over places gives many of the same again, since the largest of a few
neighbours is often the same one (Goodfellow, Bengio & Courville 2016, Deep Learning,
section 9.3, figure 9.8).
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from lib.ops.motion import shift
from lib.types import Layers, Params

TOLERANCE = 0.1
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # right, left, down, up

Images = Float[Array, "B H W C"]


class Changed(NamedTuple):
    """Sums over units that add: how many changed, and how many there were."""

    changed: Float[Array, ""]
    active: Float[Array, ""]  # units that answered to one of the two pictures
    units: Float[Array, ""]


def changed_units(
    before: Float[Array, "B *S"], after: Float[Array, "B *S"], tolerance: float
) -> Changed:
    """Units whose value changed by more than `tolerance`, relative to its size.

    Changed: |a' - a| > tolerance max(|a|, |a'|, r) with a before and a' after, r the
    root mean square of the layer before. Active: max(|a|, |a'|) > tolerance r. The
    shares are of the active units: where a picture is empty a detector has nothing to
    answer before and after, and its silence is no invariance.
    """
    typical = jnp.sqrt(jnp.mean(jnp.square(before)))
    largest = jnp.maximum(jnp.abs(before), jnp.abs(after))
    moved = jnp.abs(after - before) > tolerance * jnp.maximum(largest, typical)
    count = lambda x: jnp.sum(x.astype(jnp.float32))
    return Changed(
        count(moved),
        count(largest > tolerance * typical),
        jnp.float32(before.size),
    )


def changed_by_shift(
    layers: Layers, params: Params, images: Images, distances: Int[Array, " N"]
) -> list[Changed]:
    """For each layer the sums [N] at each distance in pixels, over four directions.

    The picture itself comes first, as the layer before all others.
    """
    values = lambda x: (x, *layers.apply(params, x))
    before = values(images)

    def at(step: Int[Array, " 2"]) -> list[Changed]:
        after = values(shift(images, step[0], step[1]))
        pairs = zip(before, after, strict=True)
        return [changed_units(a, b, TOLERANCE) for a, b in pairs]

    directions = jnp.asarray(DIRECTIONS, jnp.int32)
    steps = distances[:, None, None] * directions[None]  # [N, 4, 2]
    sums = lax.map(at, steps.reshape(-1, 2))
    over_directions = lambda x: x.reshape(len(distances), -1).sum(axis=1)
    return jax.tree.map(over_directions, sums)


def shares(sums: Sequence[Changed]) -> list[Float[Array, " N"]]:
    """The share of the active units that changed, for each layer, at each distance."""
    return [s.changed / jnp.maximum(s.active, 1) for s in sums]
