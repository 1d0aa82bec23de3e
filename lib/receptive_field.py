"""The effective receptive field: how much each pixel moves a unit in the middle.

    field[i, j] = mean over pictures of |d a / d x[i, j]|

where a are the F values of a layer at its middle place, and the norm is L2 over them
and over the pixel's colours (Luo, Li, Urtasun & Zemel 2016, arXiv:1701.04128, section
2: a gradient of 1 at the centre of the output, brought back to the input). Inside the
theoretical window it is far from even: pixels near its middle reach a unit in many
ways, those at its edge in one.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lib.types import Layers, Params
from lib.window import Windows

Images = Float[Array, "B H W C"]


class Field(NamedTuple):
    """An effective receptive field, and the window that theory allows it."""

    layer: str
    values: Float[np.ndarray, "H W"]
    rows: tuple[int, int]  # of the window: its first, and the one after its last
    columns: tuple[int, int]
    back: Float[np.ndarray, " K"]  # at k = 1, 2, ... positions back, row by row
    furthest: int  # the last position back inside the window


def effective_field(
    layers: Layers, index: int, params: Params, images: Images
) -> Float[Array, "H W"]:
    """The field of the unit in the middle of layer `index`, over the pictures given."""

    def middle(image: Float[Array, "H W C"]) -> Float[Array, " F"]:
        maps = layers.apply(params, image[None])[index][0]
        return maps[maps.shape[0] // 2, maps.shape[1] // 2]

    slopes = jax.lax.map(jax.jacrev(middle), images)  # [B, F, H, W, C]
    return jnp.mean(jnp.sqrt(jnp.sum(jnp.square(slopes), axis=(1, 4))), axis=0)


def first_filters(layers: Layers, params: Params, image: Array) -> Array:
    """The filters [m, n, C, F] of a first layer linear in the picture [H, W, C].

    The derivative of one place's answers with respect to the pixels it sees is the
    filter, exactly: it needs no knowledge of how a model keeps its parameters.
    """

    def middle(x: Float[Array, "H W C"]) -> Float[Array, " F"]:
        maps = layers.apply(params, x[None])[0][0]
        return maps[maps.shape[0] // 2, maps.shape[1] // 2]

    maps = jax.eval_shape(layers.apply, params, image[None])[0]
    slopes = jax.jacrev(middle)(image)  # [F, H, W, C]
    rows, columns = layers.windows[0]
    top, bottom = rows.span(maps.shape[1] // 2)
    left, right = columns.span(maps.shape[2] // 2)
    return jnp.moveaxis(slopes[:, top:bottom, left:right], 0, -1)


def middle_pixel(windows: Windows, places: tuple[int, int]) -> tuple[int, int]:
    """The pixel in the middle of what the middle one of h x w places sees."""
    row, column = (
        window.middle(size // 2) for window, size in zip(windows, places, strict=True)
    )
    return row, column


def positions_back(
    field: Float[np.ndarray, "H W"], pixel: tuple[int, int]
) -> Float[np.ndarray, " K"]:
    """The field at the pixels before the given one, read row by row as a sequence.

    Entry i is k = i + 1 positions back, k = W (rows before) + (columns before).
    """
    flat = np.asarray(field).reshape(-1)
    return flat[: pixel[0] * field.shape[1] + pixel[1]][::-1]


def furthest_back(windows: Windows, places: tuple[int, int], width: int) -> int:
    """How many positions the first pixel of the middle place's window is back."""
    row, column = middle_pixel(windows, places)
    top, left = (
        max(window.span(size // 2)[0], 0)
        for window, size in zip(windows, places, strict=True)
    )
    return (row - top) * width + column - left
