"""Where in a picture of any size: a response map by bands, and its peak.

A fully convolutional model sees a neighbourhood of each place. A picture is therefore
read in bands of rows, each with a halo of half that neighbourhood above and below; what
lies outside of the picture is grey. Every answer then depends on the same pixels as if
the picture had been read whole, and no more memory is needed than one band takes.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from lib.error import UserError
from lib.tasks.crowd_map import WIDTH
from lib.types import Model, Params

BAND_PIXELS = 1_500_000  # of a band without its halo: about 0.5 GB in the first layers
_GREY = 128
_TOPS = 32

Response = Callable[[UInt8[np.ndarray, "H W 3"]], Float[np.ndarray, "h w"]]

Scene = tuple[UInt8[np.ndarray, "H W 3"], Int[np.ndarray, "N 2"]]


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
    def answer(params: Params, band: UInt8[Array, "h w 3"]) -> Float[Array, "i j"]:
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
            found.append(np.asarray(answer(params, part)))
        return np.concatenate(found)[:rows]

    return respond


def peak(response: Float[np.ndarray, "h w"], stride: int, width: float = WIDTH) -> Peak:
    """The place where a figure's response fits best, between the places of the map.

    A figure's response is taught to fall off as a Gaussian of `width` pixels around
    it. A parabola through the logarithms of neighbours then has its vertex at the
    figure; the score is the height of the Gaussian at that place that fits the 3 x 3
    places around best, by least squares, at most 1. The highest places are tried: a
    figure between four places shows less on the map than one at a place.
    """
    logs = np.log(np.maximum(response, 1e-9))
    around = np.pad(response, 1, constant_values=np.nan)
    offsets = np.arange(-1, 2) * stride
    best = None
    for row, column in _tops(response):
        down, across = _vertex(logs[:, column], row), _vertex(logs[row], column)
        square = np.add.outer(
            np.square(offsets - down * stride), np.square(offsets - across * stride)
        )
        shape = np.exp(-square / (2 * width**2))
        seen = around[row : row + 3, column : column + 3]
        inside = ~np.isnan(seen)
        score = float(np.sum((shape * seen)[inside]) / np.sum(np.square(shape[inside])))
        if best is None or score > best.score:
            middle = lambda place: (place + 0.5) * stride - 0.5
            best = Peak(middle(row + down), middle(column + across), score)
    assert best is not None, "a map has a highest place"
    return best._replace(score=min(best.score, 1.0))


def _tops(response: Float[np.ndarray, "h w"]) -> list[tuple[int, int]]:
    """The highest places that have no higher neighbour, at most _TOPS of them."""
    rows, columns = response.shape
    around = np.pad(response, 1, constant_values=-np.inf)
    is_top = np.ones(response.shape, bool)
    for i in range(3):
        for j in range(3):
            is_top &= response >= around[i : i + rows, j : j + columns]
    places = np.flatnonzero(is_top)
    order = np.argsort(-response.ravel()[places], kind="stable")[:_TOPS]
    return [divmod(int(place), columns) for place in places[order]]


def _vertex(values: Float[np.ndarray, " n"], at: int) -> float:
    """Where a parabola through three values is highest, at most half from `at`."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(v) for v in values[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else float(np.clip((before - after) / bend / 2, -0.5, 0.5))


class Survey(NamedTuple):
    """What a response says of known scenes: its peaks, and how far off they are."""

    scores: Float[np.ndarray, " N"]
    errors: Float[np.ndarray, " N"]  # pixels from the nearest figure; inf without one

    def found(self, threshold: float, within: float) -> int:
        """Scenes whose peak is at least the threshold, and no further off."""
        return int(((self.scores >= threshold) & (self.errors <= within)).sum())

    def alarms(self, threshold: float) -> int:
        """Scenes with a peak of at least the threshold."""
        return int((self.scores >= threshold).sum())


def survey(respond: Response, stride: int, scenes: Iterable[Scene]) -> Survey:
    """The peaks of scenes, given as a picture and the places [N, 2] of its figures."""
    scores, errors = [], []
    for picture, places in scenes:
        found = peak(respond(picture), stride)
        gaps = np.hypot(places[:, 0] - found.row, places[:, 1] - found.column)
        scores.append(found.score)
        errors.append(float(gaps.min(initial=np.inf)))
    return Survey(np.array(scores, np.float64), np.array(errors, np.float64))


def calibrate(scores: Float[np.ndarray, " N"], rate: float) -> float:
    """The lowest threshold that at most a share `rate` of these peaks reaches."""
    ordered = np.sort(np.asarray(scores, np.float64))[::-1]
    allowed = int(np.floor(rate * len(ordered)))
    return float(np.nextafter(ordered[allowed], 2)) if allowed < len(ordered) else 0.0


def rate_at(rate: float, megapixels: float) -> float:
    """False alarms in a picture, given those in one of a megapixel: 1 - (1 - r)^m.

    As many independent chances as there are megapixels, and not less than one.
    """
    return 1 - (1 - rate) ** max(megapixels, 1.0)


def check_side(name: str, shape: tuple[int, ...], smallest: int) -> None:
    """Raise UserError for a picture in which no figure has room."""
    if min(shape[:2]) < smallest:
        raise UserError(
            f"{name}: {shape[1]} x {shape[0]} pixels; a figure needs at least "
            f"{smallest} a side"
        )
