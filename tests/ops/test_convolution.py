import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.convolution import causal_convolution, windows
from tests import reference

T, B, D, H = 9, 2, 2, 3


def draw(shape, seed):
    random = np.random.default_rng([seed, *shape])
    return random.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("num_taps", [1, 2, 3, 4, 5, 7, 8, 11])
@pytest.mark.parametrize("dilation", [1, 3])
def test_windows_are_the_delayed_inputs_side_by_side(num_taps, dilation):
    size = (num_taps - 1) * dilation
    x = np.arange((size + 4) * 2.0).reshape(size + 4, 1, 2)
    reached = windows(jnp.asarray(x, jnp.float32), num_taps, dilation)
    expected = [x[size - j * dilation :][:4] for j in range(num_taps)]
    np.testing.assert_array_equal(reached, np.concatenate(expected, axis=-1))


@pytest.mark.parametrize(("num_taps", "dilation"), [(1, 1), (3, 2)])
def test_convolution_reads_the_past_and_hands_on_the_rest(num_taps, dilation):
    size = (num_taps - 1) * dilation
    x, past = draw((T, B, D), 0), draw((size, B, D), 1)
    K, b = draw((num_taps * D, H), 2), draw((H,), 3)

    given = [jnp.asarray(v, jnp.float32) for v in (x, K, b, past)]
    y, following = causal_convolution(*given, dilation)

    for example in range(B):
        own = [np.asarray(v[:, example], np.float64) for v in (x, past)]
        expected = reference.convolution(own[0], K, b, own[1], dilation)
        np.testing.assert_allclose(y[:, example], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(following, np.concatenate([past, x])[T:])


def test_taps_across_a_reset_read_zeros():
    x, past, K, b = (
        draw((T, B, D), 0),
        draw((4, B, D), 1),
        draw((6, H), 2),
        draw((3,), 3),
    )
    reset = np.zeros((T, B), bool)
    reset[4, 0] = reset[7, 0] = True

    y, following = jax.jit(causal_convolution, static_argnums=4)(
        x, K, b, past, 2, reset
    )

    expected = []
    for first, last in ((0, 4), (4, 7), (7, 9)):
        before = past[:, 0] if first == 0 else np.zeros((4, D))
        expected.append(reference.convolution(x[first:last, 0], K, b, before, 2))
    np.testing.assert_allclose(y[:, 0], np.concatenate(expected), rtol=1e-5, atol=1e-5)
    kept = np.concatenate([np.zeros((2, D), np.float32), x[7:, 0]])
    np.testing.assert_array_equal(following[:, 0], kept)
    np.testing.assert_array_equal(following[:, 1], x[5:, 1])
