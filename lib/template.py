"""A cut-out found in a photograph: zero-mean normalised cross-correlation.

    g(u, v) = sum (f - f_uv)(t - t_m) / sqrt(sum (f - f_uv)^2 sum (t - t_m)^2)

over the window of the template t at (u, v), with f_uv the picture's mean in it and t_m
the template's (Lewis 1995, Fast normalized cross-correlation, equation 2). It is 1
where the picture is the cut-out, whatever its brightness and contrast. The numerator is
the correlation with t - t_m alone, taken by FFT in tiles that overlap by the template;
the picture's sums come from integral images (section 5), exact in 64-bit integers.
Windows without texture score 0. Another scale is found by trying several.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from lib.error import UserError

SCALES = (1.0, 0.9, 1.1, 0.95, 1.05)
THRESHOLD = 0.75  # a lower score counts as not found
# Of 50 random cut-outs of a photograph of 9 megapixels, turned over left to right, 5
# reach the threshold somewhere in it (`experiments.locate --benchmark`).
FALSE_ALARMS = 0.1
ENOUGH = 0.95  # no other scale is tried once one scores this much
_FLAT = 0.5  # grey levels: a window that varies less has no texture
_UNIT = 256  # of the integers in a grey level


class Match(NamedTuple):
    """The place that is most like a cut-out."""

    row: float  # the middle of the window, in pixels from the picture's top
    column: float
    score: float  # g, from -1 to 1
    scale: float  # of the cut-out
    size: tuple[int, int]  # of the window, rows and columns
    response: Float[np.ndarray, "h w"]  # g at every place of the window's corner


class Photograph(NamedTuple):
    """A picture ready to be searched."""

    grey: Int[np.ndarray, "H W"]
    sums: Int[np.ndarray, "I J"]  # over all rows and columns before
    squares: Int[np.ndarray, "I J"]
    side: int  # of a tile
    largest: tuple[int, int]  # of a template
    spectra: dict[tuple[int, int], np.ndarray]  # of the tile with that corner


def to_grey(picture: UInt8[np.ndarray, "H W 3"]) -> Int[np.ndarray, "H W"]:
    """Luma (ITU-R BT.601) in 1/256 of a grey level."""
    parts = picture.astype(np.int32)
    return 77 * parts[..., 0] + 150 * parts[..., 1] + 29 * parts[..., 2]


def check_template(
    template: UInt8[np.ndarray, "h w 3"],
    shape: tuple[int, ...],
    scales: Sequence[float] = SCALES,
) -> None:
    """Raise UserError for one without texture, or that does not fit the picture."""
    height, width = template.shape[:2]
    if height > shape[0] or width > shape[1]:
        raise UserError(
            f"--template: {width} x {height} pixels do not fit into the picture's "
            f"{shape[1]} x {shape[0]}"
        )
    if min(height, width) * min(scales) < 4:
        raise UserError(f"--template: {width} x {height} pixels are too few to compare")
    spread = float(to_grey(template).std()) / _UNIT
    if spread < _FLAT:
        raise UserError(
            f"--template: is flat: its grey levels vary by {spread:.2f}; at least "
            f"{_FLAT:g} is needed to tell one place from another"
        )


def prepare(
    picture: UInt8[np.ndarray, "H W 3"], largest: tuple[int, int]
) -> Photograph:
    """A picture ready to be searched for templates of up to `largest` rows, columns."""
    fft = _fft()
    grey = to_grey(picture)
    side: int = fft.next_fast_len(max(512, 3 * max(largest)), real=True)
    side = min(side, fft.next_fast_len(max(grey.shape), real=True))
    sums = _integral(grey)
    squares = _integral(grey.astype(np.int64) ** 2)
    photograph = Photograph(grey, sums, squares, side, largest, {})
    mean = float(grey.mean())
    for corner in _corners(photograph):
        tile = np.zeros((side, side), np.float32)
        part = grey[corner[0] : corner[0] + side, corner[1] : corner[1] + side]
        tile[: part.shape[0], : part.shape[1]] = (part - mean) / _UNIT
        photograph.spectra[corner] = fft.rfft2(tile, workers=-1)
    return photograph


def correlate(
    photograph: Photograph, template: Float[np.ndarray, "h w"]
) -> Float[np.ndarray, "H W"]:
    """g at every place of the window's upper left corner, [H - h + 1, W - w + 1]."""
    fft = _fft()
    height, width = template.shape
    side, shape = photograph.side, photograph.grey.shape
    t = (template - template.mean()).astype(np.float32)
    energy = float(np.sum(np.square(t, dtype=np.float64)))
    spectrum = np.conj(fft.rfft2(t, (side, side)))
    rows, columns = shape[0] - height + 1, shape[1] - width + 1
    g = np.empty((rows, columns), np.float32)
    step = _step(photograph)
    for (top, left), tile in photograph.spectra.items():
        end = (min(top + step[0], rows), min(left + step[1], columns))
        if end[0] <= top or end[1] <= left:
            continue
        product = fft.irfft2(tile * spectrum, (side, side), workers=-1)
        product = product[: end[0] - top, : end[1] - left]
        spread = _spread(photograph, (top, left), end, template.shape)
        flat = spread < height * width * _FLAT**2
        below = np.sqrt(np.where(flat, 1, spread) * energy)
        g[top : end[0], left : end[1]] = np.where(flat, 0, product / below)
    return np.clip(g, -1, 1, out=g)


def find_template(
    photograph: Photograph,
    template: UInt8[np.ndarray, "h w 3"],
    scales: Sequence[float] = SCALES,
) -> Match:
    """The best place over all scales that fit, or the first that is good enough."""
    best = None
    for scale in scales:
        scaled = rescale(to_grey(template).astype(np.float32) / _UNIT, scale)
        if any(s > m for s, m in zip(scaled.shape, photograph.largest, strict=True)):
            continue
        g = correlate(photograph, scaled)
        at = np.unravel_index(int(np.argmax(g)), g.shape)
        height, width = scaled.shape
        row, column = at[0] + (height - 1) / 2, at[1] + (width - 1) / 2
        score = float(g[at])
        if best is None or score > best.score:
            place = float(row), float(column)
            best = Match(*place, score, scale, (height, width), g)
        if best.score >= ENOUGH:
            break
    assert best is not None, "checked: the template itself fits"
    return best


def over_picture(match: Match, shape: tuple[int, ...]) -> Float[np.ndarray, "H W"]:
    """The response at the middle of each window; -1 where a window has no room."""
    whole = np.full(shape[:2], -1, np.float32)
    rows, columns = match.response.shape
    top, left = (match.size[0] - 1) // 2, (match.size[1] - 1) // 2
    whole[top : top + rows, left : left + columns] = match.response
    return whole


def rescale(grey: Float[np.ndarray, "h w"], scale: float) -> Float[np.ndarray, "h w"]:
    """Resampled by Lanczos' kernel, widened where it shrinks."""
    from PIL import Image

    if scale == 1:
        return grey
    height, width = (max(round(side * scale), 1) for side in grey.shape)
    image = Image.fromarray(grey.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def largest_size(
    template: UInt8[np.ndarray, "h w 3"],
    shape: tuple[int, ...],
    scales: Sequence[float] = SCALES,
) -> tuple[int, int]:
    """Rows and columns at the largest of the scales at which it fits."""
    height, width = template.shape[:2]
    sizes = [(round(height * s), round(width * s)) for s in sorted(scales)]
    return [s for s in sizes if s[0] <= shape[0] and s[1] <= shape[1]][-1]


def _fft() -> Any:
    """Single precision stays single; imported where it is needed."""
    from scipy import fft

    return fft


def _integral(values: Int[np.ndarray, "H W"]) -> Int[np.ndarray, "I J"]:
    found = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int64)
    inner = found[1:, 1:]
    np.cumsum(values, axis=0, dtype=np.int64, out=inner)
    np.cumsum(inner, axis=1, out=inner)
    return found


def _step(photograph: Photograph) -> tuple[int, int]:
    """Places that one tile answers for, rows and columns."""
    height, width = photograph.largest
    return photograph.side - height + 1, photograph.side - width + 1


def _corners(photograph: Photograph) -> Iterator[tuple[int, int]]:
    height, width = photograph.grey.shape
    step = _step(photograph)
    for top in range(0, height, step[0]):
        for left in range(0, width, step[1]):
            yield top, left


def _spread(
    photograph: Photograph,
    start: tuple[int, int],
    end: tuple[int, int],
    size: tuple[int, ...],
) -> Float[np.ndarray, "h w"]:
    """sum (f - f_uv)^2 of each window whose corner lies between, in grey levels."""
    height, width = size
    rows, columns = slice(start[0], end[0]), slice(start[1], end[1])
    down, right = (
        slice(start[0] + height, end[0] + height),
        slice(start[1] + width, end[1] + width),
    )
    total, square = (
        table[down, right] - table[rows, right] - table[down, columns]
        + table[rows, columns]
        for table in (photograph.sums, photograph.squares)
    )  # fmt: skip
    spread = square - total.astype(np.float64) ** 2 / (height * width)
    return np.maximum(spread, 0) / _UNIT**2
