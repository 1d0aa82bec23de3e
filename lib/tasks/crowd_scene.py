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
    BLUE,
    BOX,
    BROWN,
    CENTRE,
    GREEN,
    HEIGHT,
    INK,
    ORANGE,
    PURPLE,
    RED,
    TARGET,
    TEAL,
    WHITE,
    YELLOW,
    Looks,
    Manner,
    draw_double,
    draw_looks,
    draw_manner,
    outline,
    paint_figure,
    rgb,
)
from lib.tasks.crowd_stencil import Colour, Scene, Shape, paint, stencil

MIN_VISIBLE = 0.75  # share of a target that nothing hides
_REACH = 90  # pixels from centre to centre at which two items may touch
CLUTTER = 0.12  # things that are no figures, for each figure
_GROUNDS = ("efdcae", "c3d692", "dfd6c6", "e9cf9c")
_GRAIN = 512  # pixels of a side of the noise that is laid side by side


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
    scene = _ground(rng, height, width)
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
    return Crowd(_finish(rng, scene), places, scales, found)


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
            kind = int(rng.integers(len(_THINGS)))
            pair = (int(rng.integers(len(_PAINTS))), int(rng.integers(len(_PAINTS))))
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
    shapes = outline(item.looks) if item.looks else _THINGS[item.kind](item.colours)[1]
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
    layers, shapes = _THINGS[item.kind](item.colours)
    for shape in shapes:
        paint(scene, stencil(shape, item.scale, 0.75), top, item.column, INK)
    for shape, colour in layers:
        paint(scene, stencil(shape, item.scale), top, item.column, colour)


_PAINTS = (RED, BLUE, YELLOW, GREEN, ORANGE, PURPLE, TEAL)
_Thing = tuple[list[tuple[Shape, Colour]], tuple[Shape, ...]]


def _parasol(colours: tuple[int, int]) -> _Thing:
    pole = Shape("stick", (12, 0, 54, 0, 1.1))
    roof = Shape("dome", (22, 0, 20, 25))
    layers = [(pole, BROWN), (roof, _PAINTS[colours[0]])]
    return layers + [(roof._replace(stripes=(-10.0, 2.5)), WHITE)], (pole, roof)


def _tent(colours: tuple[int, int]) -> _Thing:
    roof, door = Shape("wedge", (2, 0, 52, 26)), Shape("wedge", (24, 0, 30, 7))
    layers = [(roof, _PAINTS[colours[0]]), (roof._replace(stripes=(13.0, 0.0)), WHITE)]
    return layers + [(door, INK)], (roof,)


def _ball(colours: tuple[int, int]) -> _Thing:
    ball = Shape("disc", (45, 0, 9.5))
    layers = [(ball, WHITE), (ball._replace(stripes=(8.0, 2.0)), _PAINTS[colours[1]])]
    return layers, (ball,)


def _bush(colours: tuple[int, int]) -> _Thing:
    leaf = (rgb("5f9e4f"), rgb("4f8a58"), rgb("86b04e"))[colours[0] % 3]
    discs = ((42, -11, 9.5), (43, 10, 9), (34, 0, 11), (45, 0, 10))
    shapes = tuple(Shape("disc", place) for place in discs)
    dots = ((38, -9), (35, 4), (42, 9), (44, -3), (29, -2))
    berries = [(Shape("disc", (*d, 1.6)), _PAINTS[colours[1]]) for d in dots]
    return [(shape, leaf) for shape in shapes] + berries, shapes


def _balloons(colours: tuple[int, int]) -> _Thing:
    discs = ((9, -8, 7), (6, 6, 7), (18, 2, 7))
    lines = tuple(Shape("stick", (y, x, 52, 0, 0.4)) for y, x, _ in discs)
    shapes = tuple(Shape("disc", place) for place in discs)
    paints = [_PAINTS[(colours[0] + i) % len(_PAINTS)] for i in range(3)]
    layers = [(line, INK) for line in lines]
    return layers + list(zip(shapes, paints, strict=True)), shapes


_THINGS = (_parasol, _tent, _ball, _bush, _balloons)


def _ground(rng: np.random.Generator, height: int, width: int) -> Scene:
    """Patches of two grounds with a hard edge, their tone varying softly."""
    first, second = rng.choice(len(_GROUNDS), 2, replace=False)
    colours = rgb(_GROUNDS[first]), rgb(_GROUNDS[second])
    patch = _smooth(rng, height, width, 220)
    share = np.clip(patch * 40, 0, 1)[:, :, None]
    tone = 1 + 0.06 * _smooth(rng, height, width, 40)[:, :, None]
    scene = colours[0] + share * (colours[1] - colours[0])
    scene *= tone
    return scene


def _smooth(
    rng: np.random.Generator, height: int, width: int, cell: int
) -> Float[np.ndarray, "H W"]:
    """Values in [-1, 1] on a grid of `cell` pixels, interpolated linearly."""
    rows, columns = height // cell + 2, width // cell + 2
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return _weights(height, rows, cell) @ grid @ _weights(width, columns, cell).T


def _weights(size: int, count: int, cell: int) -> Float[np.ndarray, "S N"]:
    at = np.arange(size, dtype=np.float32)[:, None] / cell
    return np.maximum(1 - np.abs(at - np.arange(count, dtype=np.float32)[None]), 0)


def _finish(rng: np.random.Generator, scene: Scene) -> UInt8[np.ndarray, "H W 3"]:
    """Light from one side, a tint, soft shade, grain; then 8 bits, band by band."""
    height, width, _ = scene.shape
    slope = rng.uniform(-0.12, 0.12, 2).astype(np.float32)
    level = np.float32(rng.uniform(0.75, 1.1))
    tint = rng.uniform(0.93, 1.07, 3).astype(np.float32)
    shade = _smooth(rng, height, width, 150)
    grain = rng.normal(0, 3.0, (_GRAIN, _GRAIN, 3)).astype(np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    picture = np.empty(scene.shape, np.uint8)
    for top in range(0, height, _GRAIN):
        band = slice(top, min(top + _GRAIN, height))
        down = np.linspace(-1, 1, height, dtype=np.float32)[band]
        light = level * (1 + slope[0] * down[:, None] + slope[1] * across[None, :])
        light += 0.1 * shade[band]
        values = scene[band] * light[:, :, None]
        values *= 255 * tint
        for left in range(0, width, _GRAIN):
            part = values[:, left : left + _GRAIN]
            part += grain[: part.shape[0], : part.shape[1]]
        np.clip(values, 0, 255, out=values)
        picture[band] = np.rint(values).astype(np.uint8)
    return picture
