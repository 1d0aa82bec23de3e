"""Figure 9.8 of Goodfellow, Bengio & Courville (2016, Deep Learning), in its numbers.

A row of detectors above an input, and above it their maximum over three neighbours,
one apart. Moved to the right by a pixel, every detector says something else, and half
of the pooled units what they said before.
"""

import jax.numpy as jnp
import numpy as np

from lib.ops.image import conv2d, max_pool, pool_filters

# The figure shows four of each; what it leaves out to the left and right is smaller.
DETECTORS = [0.1, 1.0, 0.2, 0.1]
POOLED = [1.0, 1.0, 1.0, 0.2]
MOVED = [0.3, 0.1, 1.0, 0.2]
POOLED_MOVED = [0.3, 1.0, 1.0, 1.0]


def pooled(row):
    """Width 3, stride 1, in both axes of a picture of three equal rows."""
    x = jnp.broadcast_to(jnp.float32(row)[None, None, :, None], (1, 3, len(row), 1))
    return max_pool(x, 3, 1, ((0, 0), (1, 1)))[0, 0, :, 0]


def test_the_maximum_of_three_neighbours_is_the_textbooks():
    np.testing.assert_array_equal(pooled(DETECTORS), np.float32(POOLED))
    np.testing.assert_array_equal(pooled(MOVED), np.float32(POOLED_MOVED))


def test_every_detector_changes_and_half_of_the_pooled_units():
    both = np.float32([DETECTORS, MOVED])
    assert (both[0] != both[1]).all()
    assert (np.asarray(pooled(DETECTORS)) != np.asarray(pooled(MOVED))).sum() == 2


def test_the_moved_row_is_the_detector_over_the_moved_input():
    # A filter of one pixel is the detector: its answers move as its input does.
    x = jnp.float32([0.3, *DETECTORS])[None, None, :, None]
    K = jnp.ones((1, 1, 1, 1))
    np.testing.assert_array_equal(conv2d(x, K)[0, 0, 1:, 0], np.float32(DETECTORS))
    np.testing.assert_array_equal(conv2d(x, K)[0, 0, :-1, 0], np.float32(MOVED))


def test_pooling_over_filters_answers_to_a_part_whichever_filter_finds_it():
    # Figure 9.9: three filters for a digit turned to the left, upright and to the
    # right; each turn excites another of them, and their maximum is as large for all.
    answers = jnp.float32([[0.9, 0.1, 0.0], [0.2, 0.9, 0.1], [0.0, 0.1, 0.9]])
    best = pool_filters(answers[:, None, None, :], 3)
    np.testing.assert_array_equal(best[:, 0, 0, 0], np.float32([0.9, 0.9, 0.9]))
