"""Where in a picture of any size: a response map by bands, and its peak.

A fully convolutional model sees a neighbourhood of each place. A picture is therefore
read in bands of rows, each with a halo of half that neighbourhood above and below; what
lies outside of the picture is grey. Every answer then depends on the same pixels as if
the picture had been read whole, and no more memory is needed than one band takes.
"""

from collections.abc import Callable, Iterable, Sequence
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
_LOOKED = 8  # peaks of a map that are looked at again
_STEPS = 4  # positions of each in its square, along one side

Response = Callable[[UInt8[np.ndarray, "H W 3"]], Float[np.ndarray, "h w"]]
Scene = tuple[UInt8[np.ndarray, "H W 3"], Int[np.ndarray, "N 2"]]


class Peak(NamedTuple):
    """A place that is high in a response map."""

    row: float  # pixels from the top of the picture, between the map's places
    column: float
    score: float


class Search(NamedTuple):
    """How a picture is searched: the map of all of it, then a few places again.

    `look(picture, peaks)` is a score for each of up to `_LOOKED` places.
    """

    respond: Response
    look: Callable[[UInt8[np.ndarray, "H W 3"], Sequence[Peak]], list[float]]
    stride: int


def make_search(
    model: Model, params: Params, stride: int, band_pixels: int = BAND_PIXELS
) -> Search:
    """The search by a model for one output."""
    respond = make_response(model, params, stride, band_pixels)
    return Search(respond, _make_look(model, params, stride), stride)


def locate(
    search: Search, picture: UInt8[np.ndarray, "H W 3"]
) -> tuple[Float[np.ndarray, "h w"], Peak]:
    """The response map and the best of its highest peaks, after a second look."""
    response = search.respond(picture)
    found = peaks(response, search.stride, _LOOKED)
    scores = search.look(picture, found)
    best = int(np.argmax(scores))
    return response, found[best]._replace(score=min(scores[best], 1.0))


def make_response(
    model: Model, params: Params, stride: int, band_pixels: int = BAND_PIXELS
) -> Response:
    """The probability of the figure at every `stride`-th pixel, ceil(H / stride) rows.

    One program is compiled for each width of picture and height of its bands.
    """
    halo = _halo(model, stride)

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
            _copy(picture, part, top, -halo)
            found.append(np.asarray(answer(params, part)))
        return np.concatenate(found)[:rows]

    return respond


def peaks(
    response: Float[np.ndarray, "h w"], stride: int, count: int, width: float = WIDTH
) -> list[Peak]:
    """The `count` places where a figure's response fits best, the best first.

    A figure's response is taught to fall off as a Gaussian of `width` pixels around
    it. A parabola through the logarithms of neighbours then has its vertex at the
    figure; the score is the height of the Gaussian at that place that fits the 3 x 3
    places around best, by least squares. A figure between four places shows less on
    the map than one at a place, so more are tried than are returned.
    """
    logs = np.log(np.maximum(response, 1e-9))
    around = np.pad(response, 1, constant_values=np.nan)
    offsets = np.arange(-1, 2) * stride
    middle = lambda place: (place + 0.5) * stride - 0.5
    found = []
    for row, column in _tops(response, 4 * count):
        down, across = _vertex(logs[:, column], row), _vertex(logs[row], column)
        square = np.add.outer(
            np.square(offsets - down * stride), np.square(offsets - across * stride)
        )
        seen = around[row : row + 3, column : column + 3]
        score = _height(seen, square, width)
        found.append(Peak(middle(row + down), middle(column + across), score))
    return sorted(found, key=lambda peak: -peak.score)[:count]


def _height(
    seen: Float[np.ndarray, "..."], square: Float[np.ndarray, "..."], width: float
) -> float:
    """Of the Gaussian that fits what is seen at squared distances; nan: not seen."""
    shape = np.where(np.isnan(seen), 0, np.exp(-square / (2 * width**2)))
    return float(np.sum(shape * np.nan_to_num(seen)) / np.sum(np.square(shape)))


def _make_look(model: Model, params: Params, stride: int, width: float = WIDTH):
    """Scores places by what the model says of each at 4 x 4 positions in its square.

    Pooling makes an answer depend on how a figure lies to the grid of places; in the
    map each figure lies in one way, here in sixteen, and their fit averages over it.
    """
    halo = _halo(model, stride)
    side = 2 * halo + stride
    steps = (np.arange(_STEPS) + 0.5) * stride / _STEPS - stride / 2
    shifts = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)

    @jax.jit
    def answer(params: Params, crops: UInt8[Array, "N S S 3"]) -> Float[Array, " N"]:
        images = crops.astype(jnp.float32) / 255
        outputs, _ = model.apply(params, (), images, None, None)
        num_places = side // stride
        middle = halo // stride * (num_places + 1)
        return jax.nn.sigmoid(outputs[:, middle, 0])

    def look(picture: UInt8[np.ndarray, "H W 3"], peaks: Sequence[Peak]) -> list[float]:
        assert len(peaks) <= _LOOKED
        # Always as many crops: one program.
        crops = np.full((_LOOKED, len(shifts), side, side, 3), _GREY, np.uint8)
        square = np.zeros((_LOOKED, len(shifts)))
        for i, peak in enumerate(peaks):
            place = np.array([peak.row, peak.column])
            corners = np.rint(place - shifts - (side - 1) / 2).astype(int)
            gaps = place - corners - (side - 1) / 2
            square[i] = np.square(gaps).sum(axis=1)
            for j, (top, left) in enumerate(corners):
                _copy(picture, crops[i, j], int(top), int(left))
        seen = np.asarray(answer(params, crops.reshape(-1, side, side, 3)))
        seen = seen.reshape(_LOOKED, -1)
        return [_height(seen[i], square[i], width) for i in range(len(peaks))]

    return look


def _copy(
    picture: UInt8[np.ndarray, "H W 3"],
    part: UInt8[np.ndarray, "h w 3"],
    top: int,
    left: int,
) -> None:
    """What a window of the picture shows; where it reaches over, `part` stays."""
    rows = slice(max(top, 0), max(min(top + part.shape[0], picture.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + part.shape[1], picture.shape[1]), 0))
    shown = picture[rows, columns]
    down, across = rows.start - top, columns.start - left
    part[down : down + shown.shape[0], across : across + shown.shape[1]] = shown


def _halo(model: Model, stride: int) -> int:
    """Pixels around a square of places that its answers depend on, in whole places."""
    if model.receptive_field is None:
        raise ValueError("a response map needs a model with a receptive field")
    return (model.receptive_field // 2 // stride + 1) * stride


def _tops(response: Float[np.ndarray, "h w"], count: int) -> list[tuple[int, int]]:
    """The highest places that have no higher neighbour, at most `count` of them."""
    rows, columns = response.shape
    around = np.pad(response, 1, constant_values=-np.inf)
    is_top = np.ones(response.shape, bool)
    for i in range(3):
        for j in range(3):
            is_top &= response >= around[i : i + rows, j : j + columns]
    places = np.flatnonzero(is_top)
    order = np.argsort(-response.ravel()[places], kind="stable")[:count]
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


def survey(search: Search, scenes: Iterable[Scene]) -> Survey:
    """What is found in scenes, given as a picture and the places [N, 2] of figures."""
    scores, errors = [], []
    for picture, places in scenes:
        _, found = locate(search, picture)
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
