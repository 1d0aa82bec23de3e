"""The effective receptive field, against closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from lib.receptive_field import (
    effective_field,
    first_filters,
    furthest_back,
    middle_pixel,
    positions_back,
)
from lib.types import Layers
from lib.window import PIXEL


def convolve(x, K):
    return lax.conv_general_dilated(
        x, K, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def linear_stack(num_layers):
    """`num_layers` convolutions of 3 x 3, each with the parameters given to it."""
    windows = [PIXEL]
    for _ in range(num_layers):
        windows.append(windows[-1].through(3, before=1))
    pairs = tuple((window, window) for window in windows[1:])

    def apply(params, x):
        values = []
        for K in params:
            x = convolve(x, K)
            values.append(x)
        return tuple(values)

    names = tuple(f"conv {i + 1}" for i in range(num_layers))
    return Layers(names, pairs, apply)


@pytest.mark.parametrize("num_layers", [1, 3])
def test_equal_weights_make_the_field_a_box_convolved_with_itself(num_layers):
    layers = linear_stack(num_layers)
    params = [jnp.full((3, 3, 1, 1), 1 / 9)] * num_layers
    images = jnp.asarray(np.random.default_rng(0).random((2, 11, 11, 1)), jnp.float32)
    field = effective_field(layers, num_layers - 1, params, images)
    profile = np.ones(1)
    for _ in range(num_layers):
        profile = np.convolve(profile, np.ones(3) / 3)
    expected = np.pad(np.outer(profile, profile), 5 - num_layers)
    np.testing.assert_allclose(field, expected, atol=1e-7)


def test_the_field_is_even_in_the_sign_of_weights_and_its_norm_over_filters():
    layers = linear_stack(1)
    K = jnp.asarray(np.random.default_rng(1).normal(size=(3, 3, 2, 4)), jnp.float32)
    field = effective_field(layers, 0, [K], jnp.zeros((1, 5, 5, 2)))
    expected = np.sqrt(np.square(np.asarray(K)).sum(axis=(2, 3)))
    np.testing.assert_allclose(field[1:4, 1:4], expected, rtol=1e-6)


def test_the_first_filters_are_the_kernel_itself():
    K = jnp.asarray(np.random.default_rng(2).normal(size=(3, 3, 2, 4)), jnp.float32)
    image = jnp.asarray(np.random.default_rng(3).random((6, 7, 2)), jnp.float32)
    np.testing.assert_array_equal(first_filters(linear_stack(1), [K], image), K)


def test_positions_back_count_row_by_row():
    field = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(positions_back(field, (1, 2)), [5, 4, 3, 2, 1, 0])


def test_the_field_ends_at_the_position_that_the_window_says():
    layers = linear_stack(2)
    params = [jnp.ones((3, 3, 1, 1))] * 2
    field = np.asarray(effective_field(layers, 1, params, jnp.ones((1, 9, 9, 1))))
    back = positions_back(field, middle_pixel(layers.windows[1], (9, 9)))
    assert furthest_back(layers.windows[1], (9, 9), 9) == 2 * 9 + 2
    assert np.flatnonzero(back)[-1] + 1 == 2 * 9 + 2
