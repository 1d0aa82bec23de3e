"""Patches that excite a filter, found where they were put."""

import numpy as np

from lib.exciting import exciting_patches, find_peaks
from lib.window import PIXEL

WINDOWS = (PIXEL.through(3, before=1),) * 2


def pictures():
    """Five empty pictures with one bright pixel each, brighter in later ones."""
    images = np.zeros((5, 6, 6, 1), np.float32)
    for n, (row, column) in enumerate([(0, 0), (1, 4), (2, 2), (5, 5), (3, 1)]):
        images[n, row, column] = n + 1
    return images


def test_peaks_are_where_the_bright_pixels_are():
    peaks = find_peaks(lambda x: x, pictures(), batch_size=2)
    np.testing.assert_array_equal(peaks.value[:, 0], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(peaks.row[:, 0], [0, 1, 2, 5, 3])
    np.testing.assert_array_equal(peaks.column[:, 0], [0, 4, 2, 5, 1])


def test_each_filter_has_its_own_patches_the_most_exciting_first():
    both = lambda x: np.concatenate([x, -x], axis=-1)
    images = pictures()
    patches = exciting_patches(find_peaks(both, images), images, WINDOWS, 2)
    assert patches.shape == (2, 2, 3, 3, 1)
    np.testing.assert_array_equal(patches[0, :, 1, 1, 0], [5, 4])
    assert patches[1, :, 1, 1, 0].max() == 0


def test_a_patch_at_a_corner_is_black_outside_the_picture():
    images = pictures()[:1] + 0.5
    patches = exciting_patches(find_peaks(lambda x: x, images), images, WINDOWS, 1)
    expected = [[0, 0, 0], [0, 1.5, 0.5], [0, 0.5, 0.5]]
    np.testing.assert_array_equal(patches[0, 0, :, :, 0], expected)
