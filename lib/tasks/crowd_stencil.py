"""Anti-aliased stencils: the parts that crowded pictures are painted with.

A shape is a signed distance in its own units, below 0 inside (Quilez, "2D distance
functions"); its stencil is how much of each pixel it covers, kept so that the thousands
of figures of a scene share a few hundred small arrays. Rows count downwards.
"""

import functools
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

Scene = Float[np.ndarray, "H W 3"]  # colours in [0, 1], painted in place
Colour = Float[np.ndarray, " 3"]
Kind = Literal["disc", "ring", "stick", "box", "dome", "wedge"]


class Shape(NamedTuple):
    """A part's outline around an origin, in units that a scale turns into pixels.

    disc and ring: row, column, radius (and half the ring's width); stick: two ends and
    half its width; box: centre, half height, half width, rounding; dome: the upper half
    of an ellipse: centre, height, half width; wedge: apex, height, half width at the
    foot. With `stripes` (period, phase) only every other band is covered: rows for a
    positive period, columns for a negative one.
    """

    kind: Kind
    numbers: tuple[float, ...]
    stripes: tuple[float, float] | None = None


class Stencil(NamedTuple):
    """Coverage of the pixels from (top, left) on, counted from the origin's pixel."""

    top: int
    left: int
    cover: Float[np.ndarray, "h w 1"]


@functools.lru_cache(maxsize=8192)
def stencil(shape: Shape, scale: float, grow: float = 0.0) -> Stencil:
    """The pixels a shape covers at a scale, its outline `grow` units further out."""
    top, bottom, left, right = (
        int(np.floor(v * scale)) if i % 2 == 0 else int(np.ceil(v * scale))
        for i, v in enumerate(_extent(shape, grow))
    )
    y = (np.arange(top - 1, bottom + 2)[:, None]) / scale
    x = (np.arange(left - 1, right + 2)[None, :]) / scale
    inside = np.clip(0.5 - (_distance(shape, y, x) - grow) * scale, 0, 1)
    if shape.stripes is not None:
        period, phase = shape.stripes
        along = (y if period > 0 else x) + phase
        period = abs(period)
        # Distance to the middle of the nearest band, each half a period wide.
        off = np.abs((along / period) % 1.0 - 0.5) * period
        inside = inside * np.clip(0.5 - (off - period / 4) * scale, 0, 1)
    cover = np.ascontiguousarray(inside, np.float32)[:, :, None]
    return Stencil(top - 1, left - 1, cover)


def paint(
    scene: Scene, mark: Stencil, row: int, column: int, colour: Colour, share=1.0
) -> None:
    """Lay a colour over the pixels of a stencil whose origin is at (row, column)."""
    top, left = row + mark.top, column + mark.left
    height, width, _ = mark.cover.shape
    r0, c0 = max(-top, 0), max(-left, 0)
    r1 = min(height, scene.shape[0] - top)
    c1 = min(width, scene.shape[1] - left)
    if r0 >= r1 or c0 >= c1:
        return
    patch = scene[top + r0 : top + r1, left + c0 : left + c1]
    cover = mark.cover[r0:r1, c0:c1]
    if share != 1.0:
        cover = cover * np.float32(share)
    patch += cover * (colour - patch)


def _distance(shape: Shape, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    n = shape.numbers
    if shape.kind == "disc":
        return np.hypot(y - n[0], x - n[1]) - n[2]
    if shape.kind == "ring":
        return np.abs(np.hypot(y - n[0], x - n[1]) - n[2]) - n[3]
    if shape.kind == "stick":
        dy, dx = n[2] - n[0], n[3] - n[1]
        t = ((y - n[0]) * dy + (x - n[1]) * dx) / max(dy * dy + dx * dx, 1e-9)
        t = np.clip(t, 0, 1)
        return np.hypot(y - n[0] - t * dy, x - n[1] - t * dx) - n[4]
    if shape.kind == "box":
        a = np.abs(y - n[0]) - n[2] + n[4]
        b = np.abs(x - n[1]) - n[3] + n[4]
        outside = np.hypot(np.maximum(a, 0), np.maximum(b, 0))
        return outside + np.minimum(np.maximum(a, b), 0) - n[4]
    if shape.kind == "dome":
        # A scaled disc is no exact distance; it is where it is 0, which is what counts.
        ellipse = np.hypot((y - n[0]) / n[2], (x - n[1]) / n[3]) - 1
        return np.maximum(ellipse * min(n[2], n[3]), y - n[0])
    down = y - n[0]
    side = (np.abs(x - n[1]) * n[2] - down * n[3]) / np.hypot(n[2], n[3])
    return np.maximum(side, down - n[2])


def _extent(shape: Shape, grow: float) -> tuple[float, float, float, float]:
    """Top, bottom, left, right."""
    n = shape.numbers
    if shape.kind in ("disc", "ring"):
        reach = n[2] + (n[3] if shape.kind == "ring" else 0) + grow
        return n[0] - reach, n[0] + reach, n[1] - reach, n[1] + reach
    if shape.kind == "stick":
        reach = n[4] + grow
        rows, columns = sorted((n[0], n[2])), sorted((n[1], n[3]))
        return rows[0] - reach, rows[1] + reach, columns[0] - reach, columns[1] + reach
    if shape.kind == "box":
        a, b = n[2] + grow, n[3] + grow
        return n[0] - a, n[0] + a, n[1] - b, n[1] + b
    if shape.kind == "dome":
        return n[0] - n[2] - grow, n[0] + grow, n[1] - n[3] - grow, n[1] + n[3] + grow
    # A wedge that grows moves its apex out further than its sides.
    reach = grow * np.hypot(n[2], n[3]) / n[3]
    foot = grow * np.hypot(n[2], n[3]) / n[2] + n[3]
    return n[0] - reach, n[0] + n[2] + grow, n[1] - foot, n[1] + foot
