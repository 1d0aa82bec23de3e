"""Short convolutions against a loop in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.depthwise import short_convolution, step_convolution

T, B, H, k = 7, 2, 3, 4
random = np.random.default_rng(0)
x, past, K = (
    jnp.asarray(random.normal(size=shape), jnp.float32)
    for shape in ((T, B, H), (B, k - 1, H), (k, H))
)


def loop(reset):
    """Every step from the inputs of its own segment that are still kept."""
    outputs, kept = np.zeros((T, B, H)), np.zeros((B, k - 1, H))
    for b in range(B):
        before = list(np.asarray(past[b], np.float64))
        for t in range(T):
            if reset[t, b]:
                before = [np.zeros(H)] * (k - 1)
            window = [*before, np.asarray(x[t, b], np.float64)]
            outputs[t, b] = sum(np.asarray(K[j]) * window[-1 - j] for j in range(k))
            before = window[1:]
        kept[b] = before
    return outputs, kept


@pytest.mark.parametrize("where", [(), ((3, 0),), ((0, 1), (5, 0), (6, 1))])
def test_a_short_convolution_reads_its_own_segment(where):
    reset = np.zeros((T, B), bool)
    for t, b in where:
        reset[t, b] = True
    y, kept = short_convolution(x, past, K, jnp.asarray(reset) if where else None)
    expected, left = loop(reset)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(kept, left, rtol=1e-6)


def test_one_step_is_a_sequence_of_one():
    whole, kept = short_convolution(x[:1], past, K)
    y, left = step_convolution(x[0], past, K)
    np.testing.assert_allclose(y, whole[0], rtol=1e-6)
    np.testing.assert_array_equal(left, kept)


def test_a_convolution_of_one_tap_keeps_nothing():
    y, kept = jax.jit(short_convolution)(x, past[:, :0], K[:1])
    np.testing.assert_allclose(y, np.asarray(x) * np.asarray(K[0]), rtol=1e-6)
    assert kept.shape == (B, 0, H)
