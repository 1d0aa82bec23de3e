"""Figures of a crowd: hat, shirt, glasses, trousers and pose, each of a few kinds.

The one that is looked for wears, of every part, the first kind: a red hat with a
bobble, a shirt in red and white stripes, glasses, blue trousers, and waves its right
arm (to the viewer's left). Any other figure differs in at least one part.
"""

from typing import NamedTuple

import numpy as np

from lib.tasks.crowd_stencil import Colour, Scene, Shape, paint, stencil

HEIGHT = 56.0  # units from hat to sole, pixels at scale 1
CENTRE = 28.0  # units below the top: what is meant by a figure's position
BOX = (31.0, 18.0)  # half height and half width that hold a figure, in units


def rgb(code: str) -> Colour:
    """A colour from its six hexadecimal digits."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


INK = rgb("3a2a26")
RED, WHITE, BLUE = rgb("d6322f"), rgb("fbf6ea"), rgb("2e5fae")
GREEN, YELLOW, ORANGE = rgb("3f8f4f"), rgb("f2c53d"), rgb("ea8a32")
PURPLE, PINK, TEAL = rgb("7d5aa6"), rgb("ee9bb0"), rgb("3aa0a0")
BROWN, GREY, STRAW = rgb("7a5236"), rgb("8c8f96"), rgb("e6cd86")
SKINS = tuple(map(rgb, ("f6d3b3", "eabf96", "c98f62", "96623e", "6b4429")))
HAIRS = tuple(map(rgb, ("2b211e", "5b3a22", "a8692f", "e0b75c", "b9b4ad")))

HATS = (
    ("bobble", RED, WHITE),
    ("bobble", GREEN, YELLOW),
    ("bobble", BLUE, WHITE),
    ("cap", RED, RED),
    ("cap", TEAL, TEAL),
    ("top", rgb("2f2c33"), PURPLE),
    ("straw", STRAW, RED),
    ("none", BROWN, BROWN),
)
SHIRTS = (
    ("stripes", RED, WHITE),
    ("stripes", BLUE, WHITE),
    ("stripes", GREEN, YELLOW),
    ("plain", RED, RED),
    ("plain", WHITE, WHITE),
    ("plain", YELLOW, YELLOW),
    ("plain", TEAL, TEAL),
    ("dots", PURPLE, WHITE),
    ("dots", ORANGE, WHITE),
    ("plain", PINK, PINK),
)
GLASSES = (True, False)
TROUSERS = (BLUE, BROWN, GREEN, GREY, RED, STRAW, rgb("2f2c33"))
ARMS = ((True, False), (False, False), (False, True), (True, True))  # which are raised
PARTS = {
    "hat": len(HATS),
    "shirt": len(SHIRTS),
    "glasses": len(GLASSES),
    "trousers": len(TROUSERS),
    "arms": len(ARMS),
}


class Looks(NamedTuple):
    """What a figure wears and does: which kind of each part."""

    hat: int = 0
    shirt: int = 0
    glasses: int = 0
    trousers: int = 0
    arms: int = 0


class Manner(NamedTuple):
    """What varies without meaning: skin, hair, stance, size and light."""

    skin: int
    hair: int
    striding: bool
    scale: float
    light: float


TARGET = Looks()


def draw_double(rng: np.random.Generator) -> Looks:
    """A figure that differs from the target in one part, drawn at random."""
    other = list(PARTS.items())[rng.integers(len(PARTS))]
    return TARGET._replace(**{other[0]: int(rng.integers(1, other[1]))})


def draw_looks(rng: np.random.Generator, similarity: float) -> Looks:
    """A figure that is not the target.

    Each part is the target's with probability `similarity`; where all five would be,
    one of them, drawn at random, is another after all.
    """
    shared = rng.random(len(PARTS)) < similarity
    if shared.all():
        shared[rng.integers(len(PARTS))] = False
    kinds = (
        0 if same else int(rng.integers(1, count))
        for same, count in zip(shared, PARTS.values(), strict=True)
    )
    return Looks(*kinds)


SCALES = tuple(float(s) for s in np.round(np.geomspace(0.8, 1.25, 8), 3))


def draw_manner(rng: np.random.Generator) -> Manner:
    """Skin, hair, stance, size from 0.8 to 1.25 and light from 0.85 to 1.1, uniform."""
    return Manner(
        int(rng.integers(len(SKINS))),
        int(rng.integers(len(HAIRS))),
        bool(rng.integers(2)),
        SCALES[rng.integers(len(SCALES))],
        float(rng.uniform(0.85, 1.1)),
    )


Layer = tuple[Shape, Colour, float]  # a shape, its colour, and how far it is grown
_LINE = 0.75  # units of ink around a part


def layers(looks: Looks, manner: Manner) -> list[Layer]:
    """What to paint, first to last, around the middle of the hat's top."""
    skin, hair = SKINS[manner.skin], HAIRS[manner.hair]
    found = _legs(TROUSERS[looks.trousers], manner.striding)
    found += _body(SHIRTS[looks.shirt], ARMS[looks.arms], skin)
    found += _head(skin, hair, GLASSES[looks.glasses])
    return found + _hat(HATS[looks.hat], hair)


def paint_figure(
    scene: Scene, looks: Looks, manner: Manner, row: int, column: int
) -> None:
    """Paint a figure with its centre at (row, column)."""
    top = row - round(CENTRE * manner.scale)
    light = np.float32(manner.light)
    shadow = stencil(Shape("box", (54, 3, 2.2, 11, 2.2)), manner.scale)
    paint(scene, shadow, top, column, INK, 0.25)
    for shape, colour, grow in layers(looks, manner):
        tone = np.minimum(colour * light, 1)
        paint(scene, stencil(shape, manner.scale, grow), top, column, tone)


def outline(looks: Looks) -> tuple[Shape, ...]:
    """The shapes that together are a figure's body, by which it hides another."""
    left, right = _arm(-1, ARMS[looks.arms][0]), _arm(1, ARMS[looks.arms][1])
    torso, legs = Shape("box", (29, 0, 9, 6.5, 3)), Shape("box", (45, 0, 9, 6, 3))
    return torso, legs, Shape("disc", (14.5, 0, 7)), _HOOD, left, right


def _inked(shape: Shape, colour: Colour) -> list[Layer]:
    return [(shape._replace(stripes=None), INK, _LINE), (shape, colour, 0.0)]


def _legs(colour: Colour, striding: bool) -> list[Layer]:
    apart = 6.0 if striding else 3.4
    found: list[Layer] = []
    for side in (-1, 1):
        shoe = Shape("box", (53, side * (apart + 1), 1.8, 3, 1.6))
        found += _inked(shoe, INK)
        leg = Shape("stick", (37, side * 2.8, 50.5, side * apart, 2.7))
        found += _inked(leg, colour)
    return found


def _arm(side: int, raised: bool) -> Shape:
    ends = (24, side * 5.5, 11, side * 13) if raised else (24, side * 6, 35, side * 9)
    return Shape("stick", (*ends, 2.3))


def _body(
    shirt: tuple[str, Colour, Colour], raised: tuple[bool, bool], skin: Colour
) -> list[Layer]:
    pattern, ground, second = shirt
    stripes = (5.2, 0.0) if pattern == "stripes" else None
    found: list[Layer] = []
    for side, up in zip((-1, 1), raised, strict=True):
        arm = _arm(side, up)
        hand = Shape("disc", (arm.numbers[2], arm.numbers[3], 2.4))
        found += _inked(hand, skin) + _inked(arm, ground)
        if up:  # short of the hand, which stays on top of the sleeve's end
            found += [(hand, skin, 0.0)]
        if stripes:
            found += [(arm._replace(stripes=stripes), second, 0.0)]
    torso = Shape("box", (29, 0, 9, 6.5, 3))
    found += _inked(torso, ground)
    if stripes:
        found += [(torso._replace(stripes=stripes), second, 0.0)]
    if pattern == "dots":
        for y, x in ((23.5, -3), (23.5, 3), (28.5, 0), (33.5, -3), (33.5, 3)):
            found += [(Shape("disc", (y, x, 1.4)), second, 0.0)]
    return found


def _head(skin: Colour, hair: Colour, glasses: bool) -> list[Layer]:
    found = _inked(Shape("disc", (13.2, 0, 7.4)), hair)
    found += _inked(Shape("box", (15, 0, 6.3, 6.2, 5.5)), skin)
    for side in (-1, 1):
        eye = Shape("disc", (14.5, side * 2.7, 1.0))
        if glasses:
            lens = Shape("disc", (14.5, side * 2.9, 2.7))
            ring = Shape("ring", (14.5, side * 2.9, 2.7, 0.55))
            found += [(lens, WHITE, 0.0), (ring, INK, 0.0)]
        found += [(eye, INK, 0.0)]
    smile = ((17.6, -2.2, 18.6, -0.8), (18.6, -0.8, 18.6, 0.8), (18.6, 0.8, 17.6, 2.2))
    return found + [(Shape("stick", (*ends, 0.4)), INK, 0.0) for ends in smile]


_HOOD = Shape("dome", (11.0, 0, 7.5, 7.4))


def _hat(hat: tuple[str, Colour, Colour], hair: Colour) -> list[Layer]:
    kind, colour, second = hat
    if kind == "bobble":
        return [
            *_inked(_HOOD, colour),
            *_inked(Shape("box", (10.6, 0, 1.7, 7.6, 1.4)), second),
            *_inked(Shape("disc", (2.4, 0, 2.7)), second),
        ]
    if kind == "cap":
        peak = Shape("box", (10.8, 6, 1.0, 6.5, 1.0))
        return _inked(_HOOD, colour) + _inked(peak, second)
    if kind == "top":
        crown = Shape("box", (4, 0, 6, 5.2, 1))
        band = Shape("box", (8.2, 0, 1.2, 5.2, 0.1))
        brim = Shape("box", (10.4, 0, 1.1, 9, 1))
        return _inked(crown, colour) + [(band, second, 0.0)] + _inked(brim, colour)
    if kind == "straw":
        crown = Shape("dome", (9.8, 0, 5.5, 6))
        band = Shape("box", (8.6, 0, 1.0, 5.7, 0.1))
        brim = Shape("box", (10.4, 0, 1.3, 11, 1.3))
        return _inked(crown, colour) + [(band, second, 0.0)] + _inked(brim, colour)
    return _inked(Shape("dome", (11.5, 0, 6.2, 7.2)), hair)
