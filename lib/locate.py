"""Where in a picture of any size: a response map by bands, and its peak.

A fully convolutional model sees a neighbourhood of each place. A picture is therefore
read in bands of rows, each with a halo of half that neighbourhood above and below; what
lies outside of the picture is grey. Every answer then depends on the same pixels as if
the picture had been read whole, and no more memory is needed than one band takes.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from lib.error import UserError
from lib.types import Model, Params

BAND_PIXELS = 1_500_000  # of a band without its halo: about 0.5 GB in the first layers
_GREY = 128

Response = Callable[[UInt8[np.ndarray, "H W 3"]], Float[np.ndarray, "h w"]]


class Peak(NamedTuple):
    """The highest place of a response map."""

    row: float  # pixels from the top of the picture, between the map's places
    column: float
    score: float


def make_response(
    model: Model, params: Params, stride: int, band_pixels: int = BAND_PIXELS
) -> Response:
    """The probability of the figure at every `stride`-th pixel, ceil(H / stride) rows.

    One program is compiled for each width of picture and height of its bands.
    """
    field = model.receptive_field
    if field is None:
        raise ValueError("a response map needs a model with a receptive field")
    halo = (field // 2 // stride + 1) * stride

    @jax.jit
    def answer(band: UInt8[Array, "h w 3"]) -> Float[Array, "i j"]:
        images = band[None].astype(jnp.float32) / 255
        outputs, _ = model.apply(params, (), images, None, None)
        rows, columns = band.shape[0] // stride, band.shape[1] // stride
        edge = halo // stride
        shown = outputs[0, :, 0].reshape(rows, columns)[edge:-edge, edge:-edge]
        return jax.nn.sigmoid(shown)

    def respond(picture: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "h w"]:
        height, width, _ = picture.shape
        rows, columns = -(-height // stride), -(-width // stride)
        num_bands = max(-(-height * width // band_pixels), 1)
        band = -(-rows // num_bands)  # rows of the map
        num_bands = -(-rows // band)
        found = []
        for i in range(num_bands):
            top = i * band * stride - halo
            size = (band * stride + 2 * halo, columns * stride + 2 * halo)
            part = np.full((*size, 3), _GREY, np.uint8)
            low, high = max(top, 0), min(top + size[0], height)
            part[low - top : high - top, halo : halo + width] = picture[low:high]
            found.append(np.asarray(answer(part)))
        return np.concatenate(found)[:rows]

    return respond


def peak(response: Float[np.ndarray, "h w"], stride: int) -> Peak:
    """The highest place, moved by the parabola through its neighbours' logarithms.

    A figure's response is taught to fall off as a Gaussian, whose logarithm is one.
    """
    at = np.unravel_index(int(np.argmax(response)), response.shape)
    row, column = int(at[0]), int(at[1])
    logs = np.log(np.maximum(response, 1e-9))
    down = _vertex(logs[:, column], row)
    across = _vertex(logs[row], column)
    middle = lambda place: (place + 0.5) * stride - 0.5
    score = float(response[row, column])
    return Peak(middle(row + down), middle(column + across), score)


def _vertex(values: Float[np.ndarray, " n"], at: int) -> float:
    """Where between the neighbours of `at` a parabola through all three is highest."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(v) for v in values[at - 1 : at + 2])
    bend = before - 2 * here + after
    return (
        0.0 if bend >= 0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
    )


def check_side(name: str, shape: tuple[int, ...], smallest: int) -> None:
    """Raise UserError for a picture in which no figure has room."""
    if min(shape[:2]) < smallest:
        raise UserError(
            f"{name}: {shape[1]} x {shape[0]} pixels; a figure needs at least "
            f"{smallest} a side"
        )
