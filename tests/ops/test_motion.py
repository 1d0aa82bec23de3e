"""Pictures that move and turn, against NumPy and SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage

from lib.ops.motion import rotate, shift


@pytest.fixture(scope="module")
def images():
    return jnp.asarray(np.random.default_rng(0).random((2, 9, 7, 2)), jnp.float32)


@pytest.mark.parametrize("rows, columns", [(0, 0), (2, 0), (0, -3), (-1, 4), (9, 0)])
def test_a_shift_is_scipys_with_zeros_coming_in(images, rows, columns):
    moved = jax.jit(shift)(images, rows, columns)
    expected = scipy.ndimage.shift(
        np.asarray(images), (0, rows, columns, 0), order=0, mode="constant", cval=0
    )
    np.testing.assert_array_equal(moved, expected)


def test_a_shift_moves_down_and_to_the_right(images):
    moved = shift(images, 1, 2)
    np.testing.assert_array_equal(moved[:, 1:, 2:], images[:, :-1, :-2])


@pytest.mark.parametrize("degrees", [0.0, 10.0, -37.0, 180.0])
def test_a_turn_is_scipys(images, degrees):
    turned = rotate(images, degrees)
    expected = scipy.ndimage.rotate(
        np.asarray(images, np.float64),
        degrees,
        axes=(1, 2),
        reshape=False,
        order=1,
        mode="grid-constant",
        cval=0.0,
    )
    np.testing.assert_allclose(turned, expected, atol=2e-5)


def test_a_quarter_turn_is_counterclockwise():
    square = jnp.asarray(np.random.default_rng(1).random((1, 6, 6, 1)), jnp.float32)
    expected = np.rot90(np.asarray(square), axes=(1, 2))
    np.testing.assert_allclose(rotate(square, 90.0), expected, atol=2e-6)
