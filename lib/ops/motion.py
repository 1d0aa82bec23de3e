"""Pictures moved by whole pixels, or turned about their middle.

What comes in at an edge is zero, the background of pictures drawn light on dark. Row
0 is at the top; rows grow downwards, columns to the right.
"""

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates
from jaxtyping import Array, Float, Int

from lib.setting import Scalar

Images = Float[Array, "B H W C"]


def shift(
    images: Images, rows: Int[Array, ""] | int, columns: Int[Array, ""] | int
) -> Images:
    """Moved down by `rows` and to the right by `columns`, either below 0 the other way.

    out[i, j] = in[i - rows, j - columns]
    """
    height, width = images.shape[1:3]
    from_row = jnp.arange(height, dtype=jnp.int32) - jnp.int32(rows)
    from_column = jnp.arange(width, dtype=jnp.int32) - jnp.int32(columns)
    inside = _inside(from_row, height)[:, None] & _inside(from_column, width)[None, :]
    moved = jnp.take(images, jnp.clip(from_row, 0, height - 1), axis=1)
    moved = jnp.take(moved, jnp.clip(from_column, 0, width - 1), axis=2)
    return jnp.where(inside[None, :, :, None], moved, jnp.zeros_like(moved))


def rotate(images: Images, degrees: Scalar | Array) -> Images:
    """Turned counterclockwise about the middle, between pixels bilinearly.

    out(p) = in(R p), R the turn back from where a pixel is to where it was.
    """
    height, width = images.shape[1:3]
    angle = jnp.deg2rad(jnp.asarray(degrees, jnp.float32))
    middle = (height - 1) / 2, (width - 1) / 2
    row = jnp.arange(height, dtype=jnp.float32)[:, None] - middle[0]
    column = jnp.arange(width, dtype=jnp.float32)[None, :] - middle[1]
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    row, column = jnp.broadcast_arrays(row, column)
    places = [cosine * row + sine * column, cosine * column - sine * row]
    places = [place + m for place, m in zip(places, middle, strict=True)]

    def turn(channel: Float[Array, "H W"]) -> Float[Array, "H W"]:
        return map_coordinates(channel, places, order=1, mode="constant", cval=0.0)

    return jax.vmap(jax.vmap(turn, -1, -1))(images)


def _inside(place: Int[Array, " N"], size: int) -> Array:
    return (place >= 0) & (place < size)
