"""What stands in a crowd and is no figure: parasols, tents, balls, bushes, balloons.

Each is its layers, shapes in colours from the first painted to the last, and the shapes
of its outline, which are inked before and by which it hides what is behind.
"""

from lib.tasks.crowd_figure import (
    BLUE,
    BROWN,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    WHITE,
    YELLOW,
    rgb,
)
from lib.tasks.crowd_stencil import Colour, Shape

PAINTS = (RED, BLUE, YELLOW, GREEN, ORANGE, PURPLE, TEAL)
Thing = tuple[list[tuple[Shape, Colour]], tuple[Shape, ...]]


def _parasol(colours: tuple[int, int]) -> Thing:
    pole = Shape("stick", (12, 0, 54, 0, 1.1))
    roof = Shape("dome", (22, 0, 20, 25))
    layers = [(pole, BROWN), (roof, PAINTS[colours[0]])]
    return layers + [(roof._replace(stripes=(-10.0, 2.5)), WHITE)], (pole, roof)


def _tent(colours: tuple[int, int]) -> Thing:
    roof, door = Shape("wedge", (2, 0, 52, 26)), Shape("wedge", (24, 0, 30, 7))
    layers = [(roof, PAINTS[colours[0]]), (roof._replace(stripes=(13.0, 0.0)), WHITE)]
    return layers + [(door, INK)], (roof,)


def _ball(colours: tuple[int, int]) -> Thing:
    ball = Shape("disc", (45, 0, 9.5))
    layers = [(ball, WHITE), (ball._replace(stripes=(8.0, 2.0)), PAINTS[colours[1]])]
    return layers, (ball,)


def _bush(colours: tuple[int, int]) -> Thing:
    leaf = (rgb("5f9e4f"), rgb("4f8a58"), rgb("86b04e"))[colours[0] % 3]
    discs = ((42, -11, 9.5), (43, 10, 9), (34, 0, 11), (45, 0, 10))
    shapes = tuple(Shape("disc", place) for place in discs)
    dots = ((38, -9), (35, 4), (42, 9), (44, -3), (29, -2))
    berries = [(Shape("disc", (*d, 1.6)), PAINTS[colours[1]]) for d in dots]
    return [(shape, leaf) for shape in shapes] + berries, shapes


def _balloons(colours: tuple[int, int]) -> Thing:
    discs = ((9, -8, 7), (6, 6, 7), (18, 2, 7))
    lines = tuple(Shape("stick", (y, x, 52, 0, 0.4)) for y, x, _ in discs)
    shapes = tuple(Shape("disc", place) for place in discs)
    paints = [PAINTS[(colours[0] + i) % len(PAINTS)] for i in range(3)]
    layers = [(line, INK) for line in lines]
    return layers + list(zip(shapes, paints, strict=True)), shapes


THINGS = (_parasol, _tent, _ball, _bush, _balloons)
