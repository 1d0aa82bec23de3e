import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.selective_scan import selective_scan
from tests.reference import slope

# 35 steps: two chunks of 16 and a rest, in "checkpointed".
T, B, E, N = 35, 2, 3, 4
METHODS = "stepwise", "checkpointed", "parallel", "plain"


def loop(delta, u, B_t, C_t, A, h, reset):
    """Algorithm 2 of Gu & Dao 2023, written out for one example."""
    all_y = []
    for t in range(len(u)):
        h = np.zeros_like(h) if reset[t] else h
        h = np.exp(delta[t][None] * A) * h + np.outer(B_t[t], delta[t] * u[t])
        all_y.append(C_t[t] @ h)
    return np.array(all_y), h


@functools.cache
def case():
    random = np.random.default_rng(0)
    draw = lambda *shape: random.normal(size=shape)
    delta = np.log1p(np.exp(draw(T, B, E)))
    arrays = delta, draw(T, B, E), draw(T, B, N), draw(T, B, N), -np.exp(draw(N, E))
    reset = np.zeros((T, B), bool)
    reset[[0, 9, 20], [1, 0, 0]] = True
    return (*arrays, draw(B, N, E)), reset, draw(T, B, E), draw(B, N, E)


@functools.cache
def expected(has_reset):
    """Outputs, last states, and slopes along three directions."""
    arrays, reset, w, v = case()
    reset = reset if has_reset else np.zeros_like(reset)

    def run(arrays):
        delta, u, B_t, C_t, A, h = arrays
        both = [
            loop(delta[:, b], u[:, b], B_t[:, b], C_t[:, b], A, h[b], reset[:, b])
            for b in range(B)
        ]
        return np.stack([y for y, _ in both], 1), np.stack([h for _, h in both])

    def loss(arrays):
        y, h = run(arrays)
        return float(np.sum(y * w) + np.sum(h * v))

    directions = [_directions(seed) for seed in range(3)]
    return *run(arrays), [slope(loss, arrays, d) for d in directions]


def _directions(seed):
    random = np.random.default_rng(seed + 1)
    return tuple(random.normal(size=a.shape) for a in case()[0])


@functools.cache
def computed(has_reset):
    """All methods in one program."""
    arrays, reset, w, v = case()
    w, v = jnp.asarray(w, jnp.float32), jnp.asarray(v, jnp.float32)
    mask = jnp.asarray(reset) if has_reset else None

    def loss(arrays, method):
        y, h = selective_scan(*arrays, mask, method)
        return jnp.sum(y * w) + jnp.sum(h * v), (y, h)

    differentiate = jax.grad(loss, has_aux=True)
    arrays = tuple(jnp.asarray(a, jnp.float32) for a in arrays)
    return jax.jit(lambda a: {m: differentiate(a, m) for m in METHODS})(arrays)


@pytest.mark.parametrize("has_reset", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_the_loop_in_values_and_gradients(method, has_reset):
    y, h, slopes = expected(has_reset)
    gradient, (own_y, own_h) = computed(has_reset)[method]
    np.testing.assert_allclose(own_y, y, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(own_h, h, rtol=1e-5, atol=1e-5)
    for seed, truth in enumerate(slopes):
        pairs = zip(gradient, _directions(seed), strict=True)
        reached = sum(float(np.sum(np.asarray(g, np.float64) * d)) for g, d in pairs)
        # Sums over all steps of products rounded to float32.
        np.testing.assert_allclose(reached, truth, rtol=1e-4, atol=1e-4)


def test_no_steps_leave_the_state_as_it_is():
    arrays, _, _, _ = case()
    delta, u, B_t, C_t = (jnp.asarray(a[:0], jnp.float32) for a in arrays[:4])
    A, h = (jnp.asarray(a, jnp.float32) for a in arrays[4:])
    y, last = selective_scan(delta, u, B_t, C_t, A, h)
    assert y.shape == (0, B, E)
    np.testing.assert_array_equal(last, h)


def test_an_unknown_method_is_refused():
    arrays = (jnp.asarray(a, jnp.float32) for a in case()[0])
    with pytest.raises(ValueError, match="one of auto, stepwise"):
        selective_scan(*arrays, method="fast")
