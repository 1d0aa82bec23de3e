"""Shapes painted on a square picture, one over the other, on the device.

A pixel takes a shape's colour by how much of it the shape covers, to the first order:
alpha = clip(1/2 - d, 0, 1), where d is the distance in pixels from the pixel's centre
to the shape's edge, negative inside. The centre of the pixel in row i, column j is at
(i + 1/2, j + 1/2).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

KINDS = ("circle", "square", "triangle", "diamond", "cross")
COLOURS = {
    "red": (0.86, 0.16, 0.16),
    "green": (0.15, 0.60, 0.20),
    "blue": (0.14, 0.32, 0.84),
    "yellow": (0.95, 0.82, 0.15),
    "purple": (0.55, 0.20, 0.68),
    "orange": (0.96, 0.52, 0.10),
}


class Shapes(NamedTuple):
    """N shapes of a picture, the last one in front."""

    kind: Int[Array, " N"]  # a place in KINDS
    colour: Float[Array, "N 3"]  # in [0, 1]
    centre: Float[Array, "N 2"]  # row and column, in pixels
    size: Float[Array, " N"]  # half of the height and of the width, in pixels
    present: Bool[Array, " N"]


def draw(shapes: Shapes, side: int, background: Float[Array, " 3"]) -> Array:
    """The picture [side, side, 3] of shapes on a plain background."""
    alpha = _cover(shapes, side)  # [N, side, side]
    picture = jnp.broadcast_to(background[None, None, :], (side, side, 3))
    for n in range(len(shapes.kind)):
        own = alpha[n, :, :, None]
        picture = own * shapes.colour[n][None, None, :] + (1 - own) * picture
    return picture


def _cover(shapes: Shapes, side: int) -> Float[Array, "N S S"]:
    place = jnp.arange(side, dtype=jnp.float32) + 0.5
    y = place[None, :, None] - shapes.centre[:, 0][:, None, None]
    x = place[None, None, :] - shapes.centre[:, 1][:, None, None]
    r = shapes.size[:, None, None]
    kind = shapes.kind[:, None, None]
    distance = jnp.select([kind == k for k in range(len(KINDS))], _distances(y, x, r))
    alpha = jnp.clip(0.5 - distance, 0, 1)
    return jnp.where(shapes.present[:, None, None], alpha, jnp.zeros_like(alpha))


def _distances(y: Array, x: Array, r: Array) -> list[Array]:
    """From the edge of each of KINDS; beyond corners less than the true distance."""
    y, x = jnp.broadcast_arrays(y, x)
    up, across = jnp.abs(y), jnp.abs(x)
    bar = r / 3  # half of the width of a cross's bars
    return [
        jnp.sqrt(y**2 + x**2) - r,
        jnp.maximum(up, across) - r,
        # Its apex on top, its base as wide as it is high.
        jnp.maximum(y - r, (2 * across - (y + r)) / 5**0.5),
        (up + across - r) / 2**0.5,
        jnp.minimum(
            jnp.maximum(up - r, across - bar), jnp.maximum(up - bar, across - r)
        ),
    ]
