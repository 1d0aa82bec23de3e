"""Attention over a window, against float64 loops; positions against their papers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lib.ops.causal_attention as causal_attention_file
from lib.ops.attention_cache import Cache, shift
from lib.ops.causal_attention import causal_attention
from lib.ops.position import alibi_slopes, rotate
from tests.models.reference_attention import attention, turned
from tests.reference import slope

B, N, A, P, T = 2, 2, 4, 9, 140  # more than one block of queries; windows inside one
random = np.random.default_rng(0)


def draw(*shape):
    return random.normal(size=shape)


@pytest.mark.parametrize("most_blocks", [4, 1])  # a block after the other; a loop
def test_blocks_cache_and_resets_are_one_masked_softmax(most_blocks, monkeypatch):
    monkeypatch.setattr(causal_attention_file, "_MOST_BLOCKS", most_blocks)
    q, k, v = draw(B, N, T, A), draw(B, N, T, A), draw(B, N, T, A)
    past = draw(B, N, P, A), draw(B, N, P, A)
    valid = random.integers(0, 2, (B, P))
    reset = np.zeros((T, B), bool)
    reset[[4, 130], 0] = True
    m, weights = np.array([0.5, 0.01]), draw(B, N, T, A)
    segment = np.cumsum(reset, axis=0).T  # [B, T]

    def outputs_64(point):
        q, k, v, k_past, v_past = point
        out = np.zeros_like(q)
        for b in range(B):
            of = np.concatenate([np.zeros(P), segment[b]])
            held = np.concatenate([valid[b], np.ones(T)]) > 0
            place = np.arange(P + T)
            for n in range(N):
                lag = P + np.arange(T)[:, None] - place[None]
                seen = (lag >= 0) & (lag <= P) & held & (of[P:, None] == of[None])
                keys = np.concatenate([k_past[b, n], k[b, n]])
                values = np.concatenate([v_past[b, n], v[b, n]])
                out[b, n] = attention(q[b, n], keys, values, P, seen, m[n], False)
        return out

    def loss(q, k, v, k_past, v_past):
        cache = Cache(k_past, v_past, jnp.asarray(valid, jnp.float32))
        o = causal_attention(q, k, v, cache, jnp.asarray(reset), m)
        return jnp.sum(o * jnp.asarray(weights, jnp.float32)), o

    point = (q, k, v, *past)
    differentiate = jax.value_and_grad(loss, argnums=range(5), has_aux=True)
    narrow = [jnp.asarray(leaf, jnp.float32) for leaf in point]
    (_, o), gradient = jax.jit(differentiate)(*narrow)
    np.testing.assert_allclose(o, outputs_64(point), rtol=1e-5, atol=1e-5)
    direction = tuple(draw(*leaf.shape) for leaf in point)
    pairs = zip(gradient, direction, strict=True)
    found = sum(np.sum(np.asarray(g) * d) for g, d in pairs)
    truth = slope(lambda p: np.sum(outputs_64(p) * weights), point, direction)
    np.testing.assert_allclose(found, truth, rtol=1e-4)


def test_an_empty_cache_is_not_looked_at():
    q = jnp.asarray(draw(B, N, 3, A), jnp.float32)
    nothing = jnp.full((B, N, P, A), jnp.nan)
    cache = Cache(nothing, nothing, jnp.zeros((B, P)))
    o = jax.jit(causal_attention)(q, q, q, cache)
    assert np.isfinite(o).all()
    np.testing.assert_allclose(o[:, :, 0], q[:, :, 0], rtol=1e-6)


def test_a_cache_keeps_the_last_inputs_of_the_last_segment():
    k = jnp.asarray(draw(B, N, 4, A), jnp.float32)
    cache = Cache(jnp.ones((B, N, 3, A)), jnp.ones((B, N, 3, A)), jnp.ones((B, 3)))
    reset = jnp.zeros((4, B), bool).at[2, 1].set(True)
    after = shift(cache, k, -k, reset)
    np.testing.assert_array_equal(after.k[0], k[0, :, 1:])
    np.testing.assert_array_equal(after.v[1, :, 1:], -k[1, :, 2:])
    np.testing.assert_array_equal(after.valid, [[1, 1, 1], [0, 1, 1]])
    assert not np.any(after.k[1, :, 0])


def test_rotated_products_depend_on_the_distance_alone():
    q, k = draw(8), draw(8)
    products = {}
    for lag in (0, 1, 7):
        for t in (7, 100, 100_000):
            a = rotate(jnp.asarray(q, jnp.float32)[None], t)[0]
            b = rotate(jnp.asarray(k, jnp.float32)[None], t - lag)[0]
            products[lag, t] = float(a @ b)
        same = [products[lag, t] for t in (7, 100, 100_000)]
        np.testing.assert_allclose(same, turned(q, lag) @ k, rtol=1e-5, atol=1e-5)
    assert abs(products[0, 7] - products[1, 7]) > 0.1


def test_rotations_go_on_from_the_first_position():
    x = draw(3, 5, 8)
    rotated = rotate(jnp.asarray(x, jnp.float32), 11)
    expected = [[turned(x[i, t], 11 + t) for t in range(5)] for i in range(3)]
    np.testing.assert_allclose(rotated, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("num_heads", "slopes"),
    [
        (1, [2**-8]),
        (8, [2.0**-n for n in range(1, 9)]),  # Press et al. 2022, section 3
        # Their code's `get_slopes`: those of 8 heads, then every second one of 16.
        (11, [2.0**-n for n in range(1, 9)] + [2**-0.5, 2**-1.5, 2**-2.5]),
    ],
)
def test_slopes_are_the_papers(num_heads, slopes):
    np.testing.assert_allclose(alibi_slopes(num_heads), slopes, rtol=1e-12)
