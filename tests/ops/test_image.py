"""Filters and pooling over pictures, against float64 loops and scipy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate2d

from lib.ops.image import avg_pool, conv2d, max_pool, pool_filters

random = np.random.default_rng(0)
PICTURES = jnp.asarray(random.normal(size=(2, 7, 6, 3)), jnp.float32)
FILTERS = jnp.asarray(random.normal(size=(3, 2, 3, 4)), jnp.float32)
BIAS = jnp.asarray(random.normal(size=4), jnp.float32)


def padded(x, sides, value=0.0):
    return np.pad(x, ((0, 0), *sides, (0, 0)), constant_values=value)


def same(size, window, stride=1):
    """Zeros before and after, so that ceil(size / stride) places are left."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def correlate(x, K, stride=1, dilation=1):
    """S(i, j) = sum_mn x(i stride + m dilation, j stride + n dilation) K(m, n)."""
    x, K = np.asarray(x, np.float64), np.asarray(K, np.float64)
    (B, H, W, _), (M, N, _, F) = x.shape, K.shape
    h = (H - (M - 1) * dilation - 1) // stride + 1
    w = (W - (N - 1) * dilation - 1) // stride + 1
    S = np.zeros((B, h, w, F))
    for i in range(h):
        for j in range(w):
            for m in range(M):
                for n in range(N):
                    row, column = i * stride + m * dilation, j * stride + n * dilation
                    S[:, i, j] += x[:, row, column] @ K[m, n]
    return S


def pool(x, size, stride, reduce):
    h, w = (np.array(x.shape[1:3]) - size) // stride + 1
    places = [
        reduce(x[:, i * stride : i * stride + size, j * stride : j * stride + size])
        for i in range(h)
        for j in range(w)
    ]
    return np.stack(places, 1).reshape(len(x), h, w, -1)


def assert_close(got, expected):
    # float32 sums of up to 18 products of numbers near 1.
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conv2d_is_the_loop_over_places_and_filters(stride, dilation):
    got = conv2d(
        PICTURES, FILTERS, BIAS, stride=stride, dilation=dilation, padding="valid"
    )
    assert_close(got, correlate(PICTURES, FILTERS, stride, dilation) + np.asarray(BIAS))


def test_conv2d_of_one_channel_is_scipys_cross_correlation():
    x, K = PICTURES[:1, :, :, :1], FILTERS[:, :, :1, :1]
    for mode in ("valid", "same"):
        got = conv2d(x, K, padding=mode)
        expected = correlate2d(x[0, :, :, 0], K[:, :, 0, 0], mode=mode)
        assert_close(got[0, :, :, 0], expected)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(
    "padding", ["same", "valid", ((2, 0), (1, 3)), ((0, 5), (0, 0))]
)
def test_gradients_are_those_that_jax_derives_from_the_correlation(dilation, padding):
    def derived(x, K):
        return jax.lax.conv_general_dilated(
            x,
            K,
            (1, 1),
            padding.upper() if isinstance(padding, str) else padding,
            rhs_dilation=(dilation, dilation),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )

    own = lambda x, K: conv2d(x, K, padding=padding, dilation=dilation)
    slope = lambda f: jax.jit(jax.grad(lambda *a: jnp.sum(jnp.sin(f(*a))), (0, 1)))
    gradients = zip(
        slope(own)(PICTURES, FILTERS), slope(derived)(PICTURES, FILTERS), strict=True
    )
    for got, expected in gradients:
        assert_close(got, expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_keeps_the_places_of_the_picture(stride):
    got = conv2d(PICTURES, FILTERS, stride=stride)
    sides = (same(7, 3, stride), same(6, 2, stride))
    assert got.shape[1:3] == (-(-7 // stride), -(-6 // stride))
    assert_close(got, correlate(padded(PICTURES, sides), FILTERS, stride))


def test_the_gradients_of_conv2d_are_those_of_the_loop():
    weights = random.normal(size=(2, 4, 3, 4))

    def loss(x, K):
        y = conv2d(x, K, stride=2)
        return jnp.sum(y * jnp.asarray(weights, jnp.float32))

    dx, dK = jax.grad(loss, (0, 1))(PICTURES, FILTERS)
    sides = (same(7, 3, 2), same(6, 2, 2))
    exact = lambda x, K: (correlate(padded(x, sides), K, 2) * weights).sum()
    for got, place in ((dx, 0), (dK, 1)):
        arguments = [np.array(PICTURES, np.float64), np.array(FILTERS, np.float64)]
        for index in [(0, 0, 1, 2), (1, 1, 2, 3), (1, 2, 0, 0)]:
            if index[0] >= arguments[place].shape[0]:
                continue
            if index[3] >= arguments[place].shape[3]:
                index = (*index[:3], 0)
            index = tuple(np.minimum(index, np.array(arguments[place].shape) - 1))
            values = []
            for sign in (1, -1):  # linear in each argument: the difference is exact
                moved = [a.copy() for a in arguments]
                moved[place][index] += sign
                values.append(exact(*moved))
            assert_close(got[index], (values[0] - values[1]) / 2)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 1), (2, 1), (3, 2), (2, 3)])
def test_pooling_is_the_largest_or_the_mean_of_each_window(size, stride):
    largest = pool(PICTURES, size, stride, lambda x: x.max((1, 2)))
    mean = pool(
        np.asarray(PICTURES, np.float64), size, stride, lambda x: x.mean((1, 2))
    )
    np.testing.assert_array_equal(max_pool(PICTURES, size, stride), largest)
    assert_close(avg_pool(PICTURES, size, stride), mean)


def test_windows_that_tile_the_picture_are_pooled_as_others_are():
    x = PICTURES[:, :6]
    np.testing.assert_array_equal(
        max_pool(x, 2), pool(x, 2, 2, lambda part: part.max((1, 2)))
    )
    mean = pool(np.asarray(x, np.float64), 2, 2, lambda part: part.mean((1, 2)))
    assert_close(avg_pool(x, 2), mean)


def test_pooling_with_same_padding_ignores_what_lies_outside():
    sides = (same(7, 2, 2), same(6, 2, 2))
    largest = padded(PICTURES, sides, -np.inf)
    expected = pool(largest, 2, 2, lambda x: x.max((1, 2)))
    np.testing.assert_array_equal(max_pool(PICTURES, 2, padding="same"), expected)
    inside = padded(np.asarray(PICTURES, np.float64), sides, np.nan)
    expected = pool(inside, 2, 2, lambda x: np.nanmean(x, (1, 2)))
    assert_close(avg_pool(PICTURES, 2, padding="same"), expected)


def test_pooling_over_filters_is_high_where_any_of_the_group_is():
    x = jnp.zeros((1, 1, 1, 6)).at[..., 4].set(5.0)
    assert pool_filters(x, 3)[0, 0, 0].tolist() == [0, 5]
    assert pool_filters(x, 2)[0, 0, 0].tolist() == [0, 0, 5]
    with pytest.raises(ValueError, match="group of 4 does not divide 6"):
        pool_filters(x, 4)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_gradient_of_tiles_is_that_of_windows(size, padding):
    def windows(x):
        step = (1, size, size, 1)
        sides = padding.upper()
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, step, step, sides)

    own = lambda x: max_pool(x, size, padding=padding)
    slope = lambda f: jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(f(x)))))(PICTURES)
    np.testing.assert_array_equal(slope(own), slope(windows))


def test_equal_numbers_share_the_gradient():
    x = jnp.zeros((1, 2, 4, 1)).at[0, 1, 1:].set(1.0)
    got = jax.grad(lambda x: jnp.sum(max_pool(x, 2)))(x)[0, :, :, 0]
    assert got.tolist() == [[0, 0, 0, 0], [0, 1, 0.5, 0.5]]
