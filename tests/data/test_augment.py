"""Moved pictures, against scipy's interpolation and exact special cases."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import affine_transform

from lib.data.augment import Augmentation, augment, warp

random = np.random.default_rng(0)
IMAGES = jnp.asarray(random.uniform(size=(3, 7, 8, 2)), jnp.float32)
SAME = jnp.broadcast_to(jnp.eye(2), (3, 2, 2))
warped = jax.jit(warp)


def test_without_movement_a_picture_is_itself():
    np.testing.assert_array_equal(warped(IMAGES, SAME, jnp.zeros((3, 2))), IMAGES)


def test_whole_pixels_move_the_picture_and_bring_in_zeros():
    got = warped(IMAGES, SAME, jnp.broadcast_to(jnp.array([2.0, -1.0]), (3, 2)))
    np.testing.assert_array_equal(got[:, 2:, :-1], IMAGES[:, :-2, 1:])
    assert not got[:, :2].any() and not got[:, :, -1].any()


def test_warping_is_scipys_linear_interpolation():
    matrices = random.normal(size=(3, 2, 2)).astype(np.float32)
    shifts = random.normal(size=(3, 2)).astype(np.float32)
    got = warped(IMAGES, jnp.asarray(matrices), jnp.asarray(shifts))
    centre = np.array([3.0, 3.5])
    for b in range(3):
        M, t = matrices[b].astype(np.float64), shifts[b].astype(np.float64)
        for c in range(2):
            expected = affine_transform(
                np.asarray(IMAGES[b, :, :, c], np.float64),
                M,
                offset=centre - M @ (centre + t),
                order=1,
                mode="grid-constant",
            )
            # float32 places of up to 20 pixels, times a slope of at most 1.
            np.testing.assert_allclose(got[b, :, :, c], expected, atol=1e-5)


def test_a_shift_reaches_every_place_within_its_bound_and_none_beyond():
    spot = jnp.zeros((400, 9, 9, 1)).at[:, 4, 4].set(1.0)
    got = np.asarray(augment(jax.random.key(0), spot, Augmentation(shift=2)))
    assert np.array_equal(np.unique(got), [0, 1])
    reached = got.sum(0)[..., 0]
    assert (reached[2:7, 2:7] > 0).all() and reached[2:7, 2:7].sum() == 400


@pytest.mark.parametrize(
    "most", [Augmentation(rotation=30.0), Augmentation(scaling=0.3)]
)
def test_turning_and_scaling_keep_the_centre_and_stay_within_their_bounds(most):
    side = 21
    line = jnp.zeros((500, side, side, 1)).at[:, 10, 10:18].set(1.0)  # to the right
    got = np.asarray(augment(jax.random.key(1), line, most))[..., 0]
    np.testing.assert_allclose(got[:, 10, 10], 1.0, atol=1e-5)
    rows, columns = np.mgrid[:side, :side] - 10
    weight = got.sum((1, 2))
    row, column = ((got * at).sum((1, 2)) / weight for at in (rows, columns))
    angle = np.degrees(np.arctan2(row, column))
    size = np.hypot(row, column) / 3.5
    assert np.abs(angle).max() < most.rotation + 1
    assert np.abs(size - 1).max() < most.scaling + 0.06  # between pixels
    if most.rotation:
        assert angle.min() < -27 and angle.max() > 27
    else:
        assert size.min() < 0.8 and size.max() > 1.2
