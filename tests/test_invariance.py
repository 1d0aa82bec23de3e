"""The share of units that change, on values whose changes are known."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib.invariance import (
    changed_by_move,
    changed_units,
    share,
    shift_by,
    shift_steps,
    turn_steps,
)
from lib.ops.motion import shift
from lib.types import Layers
from lib.window import PIXEL

# Figure 9.8 of Goodfellow, Bengio & Courville (2016): a detector's row and its maximum
# over three neighbours, for an input and for the same moved right by one pixel.
DETECTED, POOLED = (0.1, 1.0, 0.2, 0.1), (1.0, 1.0, 1.0, 0.2)
DETECTED_MOVED, POOLED_MOVED = (0.3, 0.1, 1.0, 0.2), (0.3, 1.0, 1.0, 1.0)


def share_of(before, after, tolerance=0.1):
    sums = changed_units(
        jnp.float32([before]), jnp.float32([after]), tolerance, jnp.ones(1)
    )
    return float(share(sums))


def test_all_of_the_textbooks_detectors_change_and_half_of_its_pooled_units():
    assert share_of(DETECTED, DETECTED_MOVED) == 1.0
    assert share_of(POOLED, POOLED_MOVED) == 0.5


def test_a_change_is_relative_to_the_unit_or_to_the_typical_one():
    # The root mean square before is 1: ten units of it.
    before = [1.0] * 10
    assert share_of(before, [1.09] * 5 + [1.12] * 5) == 0.5
    # A unit of 10 changes by more than a tenth of itself, not of the typical one.
    before = [0.0] * 99 + [10.0]
    assert share_of(before, [0.0] * 99 + [10.9]) == 0.0
    assert share_of(before, [0.0] * 99 + [11.2]) == 1.0


def test_small_changes_of_quiet_units_are_none_whatever_their_own_size():
    # The root mean square is near 1: 0.09 trebles a quiet unit, and moves nothing; of
    # two that change sign, the one too quiet to count as an answer is not counted.
    assert share_of([1.0] * 9 + [0.05], [1.0] * 9 + [0.14]) == 0.0
    assert share_of([1.0] * 9 + [0.06], [1.0] * 9 + [-0.06]) == 0.0
    assert share_of([1.0] * 9 + [0.2], [1.0] * 9 + [-0.2]) == pytest.approx(0.1)


def test_units_silent_before_and_after_do_not_count():
    before, after = [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]
    assert share_of(before, after) == 1.0


def test_pictures_that_fill_up_a_batch_do_not_count():
    before, after = jnp.float32([[1, 1], [9, 9]]), jnp.float32([[1, 5], [9, 9]])
    one = changed_units(before[:1], after[:1], 0.1, jnp.ones(1))
    both = changed_units(before, after, 0.1, jnp.float32([1, 0]))
    assert float(both.changed) == float(one.changed) == 1
    assert float(both.active) == float(one.active) == 2
    # The second picture's large values would make the first one's units look quiet.
    assert float(changed_units(before, after, 0.5, jnp.ones(2)).active) == 3


def mean_of_picture(params, x):
    del params
    return (x, jnp.mean(x, axis=(1, 2)))


@pytest.mark.parametrize("distance", [1, 3])
def test_a_mean_over_all_places_stays_and_every_pixel_of_noise_changes(distance):
    noise = np.random.default_rng(0).uniform(1, 9, (2, 4, 4, 1))
    images = jnp.asarray(np.pad(noise, ((0, 0), (3, 3), (3, 3), (0, 0))), jnp.float32)
    layers = Layers(("same", "mean"), ((PIXEL, PIXEL),) * 2, mean_of_picture)
    steps = jnp.asarray(shift_steps([distance]))
    sums = changed_by_move(layers, {}, images, shift_by, steps, jnp.ones(2))
    picture, same, mean = (float(share(s)[0]) for s in sums)
    assert picture == same > 0.7
    assert mean == 0.0


def test_the_four_directions_add_up():
    images = jnp.asarray(np.random.default_rng(1).random((3, 5, 5, 1)), jnp.float32)
    layers = Layers(("same",), ((PIXEL, PIXEL),), lambda params, x: (x,))
    steps = jnp.asarray(shift_steps([1, 2]))
    sums = changed_by_move(layers, {}, images, shift_by, steps, jnp.ones(3))[0]
    expected = 0.0
    for rows, columns in ((0, 2), (0, -2), (2, 0), (-2, 0)):
        moved = shift(images, rows, columns)
        expected += float(changed_units(images, moved, 0.1, jnp.ones(3)).changed)
    assert float(sums.changed[1]) == expected


def test_a_distance_is_taken_in_four_directions_and_a_turn_to_both_sides():
    directions = sorted(map(tuple, shift_steps([3])[0].tolist()))
    assert directions == [(-3, 0), (0, -3), (0, 3), (3, 0)]
    np.testing.assert_array_equal(turn_steps([15, 90]), [[15, -15], [90, -90]])
