"""Painted shapes: where they are, how much they cover, which is in front."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.canvas import KINDS, Shapes, draw

WHITE = jnp.ones(3)
# Of the square of twice its size that a shape is drawn in.
AREAS = {"circle": np.pi / 4, "square": 1, "triangle": 1 / 2, "diamond": 1 / 2}
AREAS["cross"] = 5 / 9


def paint(kinds, sizes, centres, present=None):
    count = len(kinds)
    colours = jnp.eye(3)[jnp.arange(count)]
    present = jnp.ones(count, bool) if present is None else jnp.asarray(present)
    kind = jnp.asarray([KINDS.index(name) for name in kinds])
    centre, size = jnp.asarray(centres, jnp.float32), jnp.asarray(sizes, jnp.float32)
    return np.asarray(draw(Shapes(kind, colours, centre, size, present), 48, WHITE))


@pytest.mark.parametrize("kind", KINDS)
def test_a_shape_covers_its_area_around_its_centre(kind):
    picture = paint([kind], [12.0], [(20.0, 26.0)])
    covered = 1 - picture[:, :, 1]  # red on white takes the green away
    # The edge of a slanted side is right to the first order.
    assert covered.sum() == pytest.approx(AREAS[kind] * 24**2, rel=0.02)
    rows, columns = np.nonzero(covered > 0.5)
    assert (rows.min(), rows.max()) == pytest.approx((8, 31), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((14, 37), abs=1)


def test_the_triangle_stands_on_its_base():
    covered = 1 - paint(["triangle"], [12.0], [(24.0, 24.0)])[:, :, 1]
    assert covered[14].sum() < 4 < 20 < covered[34].sum()


def test_the_last_shape_is_in_front_and_absent_ones_are_not_painted():
    kinds, sizes, centres = ["square"] * 3, [10.0] * 3, [(24.0, 24.0)] * 3
    assert paint(kinds, sizes, centres)[24, 24].tolist() == [0, 0, 1]
    picture = paint(kinds, sizes, centres, [True, True, False])
    assert picture[24, 24].tolist() == [0, 1, 0]
    assert paint(kinds, sizes, centres, [False] * 3).min() == 1
