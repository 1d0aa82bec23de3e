"""Training pictures moved a little, so that no two passes read the same.

A picture is turned by an angle a and scaled by s about its centre c, then moved by t:

    out(p) = in(M (p - c - t) + c)        M = R(-a) / s

read between pixels by bilinear interpolation, 0 outside of the picture. Each example
has its own a, uniform within +- `rotation`, s, uniform within 1 +- `scaling`, and t,
whole pixels within +- `shift` in both directions. With a shift alone every pixel is one
of the picture's own.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.types import PRNGKey


class Augmentation(NamedTuple):
    """The most that a picture is moved."""

    shift: int = 0  # pixels
    rotation: float = 0.0  # degrees
    scaling: float = 0.0  # a share of the size


def augment(
    key: PRNGKey, images: Float[Array, "B H W C"], most: Augmentation
) -> Float[Array, "B H W C"]:
    """Each image moved by draws of its own."""
    B = len(images)
    angle_key, scale_key, shift_key = jax.random.split(key, 3)
    angle = jnp.radians(jax.random.uniform(angle_key, (B,), minval=-1.0, maxval=1.0))
    angle = angle * most.rotation
    scale = jax.random.uniform(scale_key, (B,), minval=-1.0, maxval=1.0)
    scale = 1 + most.scaling * scale
    low, high = -most.shift, most.shift + 1
    shift = jax.random.randint(shift_key, (B, 2), low, high, jnp.int32)
    cos, sin = jnp.cos(angle) / scale, jnp.sin(angle) / scale
    matrix = jnp.stack([jnp.stack([cos, sin], -1), jnp.stack([-sin, cos], -1)], -2)
    return warp(images, matrix, shift.astype(jnp.float32))


def warp(
    images: Float[Array, "B H W C"],
    matrix: Float[Array, "B 2 2"],
    shift: Float[Array, "B 2"],
) -> Float[Array, "B H W C"]:
    """out(p) = in(M (p - c - t) + c), p and t as (row, column), between pixels."""
    B, H, W, C = images.shape
    centre = jnp.array([(H - 1) / 2, (W - 1) / 2], jnp.float32)[:, None]
    rows, columns = jnp.meshgrid(
        jnp.arange(H, dtype=jnp.float32),
        jnp.arange(W, dtype=jnp.float32),
        indexing="ij",
    )
    grid = jnp.stack([rows.ravel(), columns.ravel()]) - centre  # [2, H*W]
    moved = grid[None] - shift[:, :, None]
    # Sums, not a product: a matrix of 2 by 2 is no work for a matrix multiplier.
    source = matrix[:, :, :1] * moved[:, :1] + matrix[:, :, 1:] * moved[:, 1:]
    source = source + centre[None]  # [B, 2, H*W]
    before = jnp.floor(source)
    part = source - before
    before = before.astype(jnp.int32)
    flat = images.reshape(B, H * W, C)
    out = jnp.zeros_like(flat)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, column = before[:, 0] + i, before[:, 1] + j  # [B, H*W]
        inside = (row >= 0) & (row < H) & (column >= 0) & (column < W)
        weight = (part[:, 0] if i else 1 - part[:, 0]) * (
            part[:, 1] if j else 1 - part[:, 1]
        )
        place = jnp.clip(row, 0, H - 1) * W + jnp.clip(column, 0, W - 1)
        value = jnp.take_along_axis(flat, place[..., None], axis=1)
        out = out + value * jnp.where(inside, weight, 0)[..., None]
    return out.reshape(B, H, W, C)
