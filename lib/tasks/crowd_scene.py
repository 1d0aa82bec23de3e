"""Whole scenes in the manner of crowded picture books, of any size.

Ground in patches of sand, grass and paving; on it figures, parasols, tents, balls and
bushes, painted from the back to the front so that nearer ones hide what is behind; then
light that falls off across the picture, and grain. A target keeps its place whatever is
drawn around it, and what would hide more than a quarter of it is left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from lib.tasks.crowd_figure import (
    BOX,
    CENTRE,
    HEIGHT,
    INK,
    TARGET,
    Looks,
    Manner,
    draw_double,
    draw_looks,
    draw_manner,
    outline,
    paint_figure,
)
from lib.tasks.crowd_ground import add_light, draw_ground
from lib.tasks.crowd_stencil import Scene, Shape, paint, stencil
from lib.tasks.crowd_thing import PAINTS, THINGS

MIN_VISIBLE = 0.75  # share of a target that nothing hides
_REACH = 90  # pixels from centre to centre at which two items may touch
CLUTTER = 0.12  # things that are no figures, for each figure


class Crowd(NamedTuple):
    """A scene and where its targets are."""

    picture: UInt8[np.ndarray, "H W 3"]
    targets: Int[np.ndarray, "N 2"]  # row and column of each target's centre
    scales: Float[np.ndarray, " N"]  # their sizes: 1 is 56 pixels high
    doubles: Int[np.ndarray, "M 2"]  # centres of those that differ in one part only


class _Item(NamedTuple):
    foot: float  # the row it stands on: later ones are in front
    row: int
    column: int
    scale: float
    looks: Looks | None  # None: clutter
    manner: Manner | None
    kind: int = 0
    colours: tuple[int, int] = (0, 0)
    target: int = -1


def draw_crowd(
    rng: np.random.Generator,
    height: int,
    width: int,
    density: float,
    similarity: float,
    targets: Sequence[tuple[int, int]],
    doubles: float = 0.0,
) -> Crowd:
    """A scene with the target figure at each of `targets` (row, column).

    `density` is the number of other figures on 100 x 100 pixels; `similarity` the
    probability with which each of their five parts is the target's; `doubles` a share
    of them that differs in one part only, whatever the similarity. Time grows with the
    number of figures, about 0.6 ms each, and with the area, about 0.1 us a pixel.
    """
    scene = draw_ground(rng, height, width)
    items = _crowd(rng, height, width, density, similarity, doubles)
    manners = [draw_manner(rng) for _ in targets]
    for i, (place, manner) in enumerate(zip(targets, manners, strict=True)):
        foot = place[0] + (HEIGHT - CENTRE) * manner.scale
        items.append(_Item(foot, *place, manner.scale, TARGET, manner, target=i))
    likes = []
    hidden = _Hidden()
    for item in sorted(items, key=lambda item: item.foot):
        if hidden.allows(item):
            _paint_item(scene, item)
            if item.looks is not None and sum(map(bool, item.looks)) == 1:
                likes.append((item.row, item.column))
    places = np.array(targets, np.int32).reshape(-1, 2)
    scales = np.array([m.scale for m in manners], np.float32)
    found = np.array(likes, np.int32).reshape(-1, 2)
    return Crowd(add_light(rng, scene), places, scales, found)


def draw_places(
    rng: np.random.Generator, height: int, width: int, margin: int, apart: int
) -> list[tuple[int, int]]:
    """As many places as a random search finds with `apart` pixels between any two."""
    places: list[tuple[int, int]] = []
    for _ in range(8 * max(height * width // apart**2, 1)):
        row = int(rng.integers(margin, height - margin))
        column = int(rng.integers(margin, width - margin))
        if all(np.hypot(row - r, column - c) >= apart for r, c in places):
            places.append((row, column))
    return places


def _crowd(
    rng: np.random.Generator,
    height: int,
    width: int,
    density: float,
    similarity: float,
    doubles: float,
) -> list[_Item]:
    """Figures and clutter at random places, some of them reaching over the border."""
    tall, wide = height + 60, width + 40
    num_figures = round(density * tall * wide / 1e4)
    num_things = round(CLUTTER * num_figures + 0.1 * tall * wide / 1e4)
    items = []
    for i in range(num_figures + num_things):
        row = int(rng.integers(-30, height + 30))
        column = int(rng.integers(-20, width + 20))
        manner = draw_manner(rng)
        foot = row + (HEIGHT - CENTRE) * manner.scale
        if i < num_figures:
            is_double = rng.random() < doubles
            looks = draw_double(rng) if is_double else draw_looks(rng, similarity)
            items.append(_Item(foot, row, column, manner.scale, looks, manner))
        else:
            kind = int(rng.integers(len(THINGS)))
            pair = (int(rng.integers(len(PAINTS))), int(rng.integers(len(PAINTS))))
            items.append(_Item(foot, row, column, manner.scale, None, None, kind, pair))
    return items


class _Hidden:
    """What of each painted target is hidden by what was painted after it."""

    def __init__(self) -> None:
        self.shown: list[tuple[_Item, np.ndarray, float]] = []

    def allows(self, item: _Item) -> bool:
        """Whether it leaves enough of every target; what it hides is remembered."""
        after = []
        for i, (target, left, whole) in enumerate(self.shown):
            gap = max(abs(item.row - target.row), abs(item.column - target.column))
            if gap < _REACH:
                rest = _covered(item, target.row, target.column, left.shape, left)
                if rest.sum() < MIN_VISIBLE * whole:
                    return False
                after.append((i, (target, rest, whole)))
        for i, entry in after:
            self.shown[i] = entry
        if item.target >= 0:
            half = (round(1.3 * BOX[0]), round(1.3 * BOX[1]))
            shape = (2 * half[0] + 1, 2 * half[1] + 1)
            gone = _covered(
                item, item.row, item.column, shape, np.ones(shape, np.float32)
            )
            self.shown.append((item, 1 - gone, float((1 - gone).sum())))
        return True


def _covered(
    item: _Item, row: int, column: int, shape: tuple[int, ...], left: np.ndarray
) -> np.ndarray:
    """What is left uncovered, [h, w] around (row, column), with the item painted."""
    layer = np.repeat(left[:, :, None], 1, axis=2)
    top = item.row - round(CENTRE * item.scale) - row + shape[0] // 2
    side = item.column - column + shape[1] // 2
    shapes = outline(item.looks) if item.looks else THINGS[item.kind](item.colours)[1]
    for part in shapes:
        paint(
            layer, stencil(part, item.scale, 0.75), top, side, np.zeros(1, np.float32)
        )
    return layer[:, :, 0]


def _paint_item(scene: Scene, item: _Item) -> None:
    if item.looks is not None and item.manner is not None:
        paint_figure(scene, item.looks, item.manner, item.row, item.column)
        return
    top = item.row - round(CENTRE * item.scale)
    shadow = stencil(Shape("box", (54, 4, 2.5, 15, 2.5)), item.scale)
    paint(scene, shadow, top, item.column, INK, 0.25)
    layers, shapes = THINGS[item.kind](item.colours)
    for shape in shapes:
        paint(scene, stencil(shape, item.scale, 0.75), top, item.column, INK)
    for shape, colour in layers:
        paint(scene, stencil(shape, item.scale), top, item.column, colour)
