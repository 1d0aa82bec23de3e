"""A user's picture made into what a classifier of small pictures reads."""

import numpy as np
import pytest
from PIL import Image

from lib.data.picture_input import as_inputs, fit
from lib.data.picture_sequence import as_sequence, whole_pictures

random = np.random.default_rng(0)


def grey(values):
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=-1)


def test_a_grey_picture_of_the_right_side_is_itself():
    values = random.integers(0, 100, (8, 8))
    picture, steps = fit(grey(values), 8, 1)
    np.testing.assert_array_equal(picture[..., 0], values)
    assert steps == ()


def test_a_bright_edge_turns_the_picture_over():
    values = np.full((8, 8), 230)
    values[3:5, 3:5] = 10
    picture, steps = fit(grey(values), 8, 1)
    np.testing.assert_array_equal(picture[..., 0], 255 - values)
    assert steps == ("turned over, because its edge is bright",)


def test_colours_become_grey_as_pillow_makes_them():
    colours = random.integers(0, 60, (8, 8, 3), np.uint8)
    expected = np.asarray(Image.fromarray(colours).convert("L"), int)
    picture, steps = fit(colours, 8, 1)
    assert np.abs(picture[..., 0] - expected).max() <= 1  # it rounds otherwise
    assert steps == ("made grey",)


def test_a_wide_picture_stands_in_the_middle_of_a_square_of_its_edge():
    values = np.full((4, 10), 40)
    values[1:3, 2:8] = 90
    picture, _ = fit(grey(values), 10, 1)
    np.testing.assert_array_equal(picture[3:7, :, 0], values)
    assert (picture[:3] == 40).all() and (picture[7:] == 40).all()


@pytest.mark.parametrize(("old", "new"), [(12, 4), (10, 4), (9, 9)])
def test_scaling_takes_means_over_areas(old, new):
    colours = random.integers(0, 256, (old, old, 3), np.uint8)
    picture, _ = fit(colours, new, 3)
    fine = np.kron(
        colours.astype(float), np.ones((new, new, 1))
    )  # areas in whole pixels
    expected = fine.reshape(new, old, new, old, 3).mean((1, 3))
    assert np.abs(picture - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("order", ["rows", "pixels", "permuted"])
def test_a_sequence_becomes_its_picture_again(order):
    pictures = random.integers(0, 256, (3, 4, 4, 1), np.uint8)
    facts = {"kind": order, "side": 4}
    back = whole_pictures(as_sequence(pictures, order), facts)
    np.testing.assert_array_equal(back, pictures)


def test_a_picture_is_read_as_its_task_reads():
    picture = random.integers(0, 256, (4, 4, 1), np.uint8)
    whole = as_inputs(picture, {"kind": "pictures"}, 4)
    np.testing.assert_allclose(whole[0], picture / 255, rtol=1e-6)
    rows = as_inputs(picture, {"kind": "rows"}, 3)
    np.testing.assert_allclose(rows[0], picture[:3, :, 0] / 255, rtol=1e-6)
