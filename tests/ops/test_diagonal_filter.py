import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.diagonal_filter import filtered, stepwise
from tests.reference import slope

# 75 steps: two chunks of 32 and a rest. 75 rows of 32-step chunks.
T, B, N, H = 75, 2, 3, 4


def loop(a, C, u, h, reset):
    """One example, h [N, H]."""
    all_y = []
    for t in range(len(u)):
        h = a * (0 if reset[t] else h) + u[t]
        all_y.append(np.sum(C * h, axis=0).real)
    return np.array(all_y), h


@functools.cache
def case():
    random = np.random.default_rng(0)
    radius = 1 - 0.3 * random.uniform(size=(N, H))
    a = radius * np.exp(1j * random.uniform(0, 3, (N, H)))
    C, h = _complex(random, N, H), _complex(random, B, N, H)
    reset = np.zeros((T, B), bool)
    reset[[0, 40, 41], [1, 0, 0]] = True
    u, w = random.normal(size=(2, T, B, H))
    return (a, C, u, h), reset, w, _complex(random, B, N, H)


def _complex(random, *shape):
    return random.normal(size=shape) + 1j * random.normal(size=shape)


def expected(reset):
    point, _, w, v = case()

    def run(point):
        a, C, u, h = point
        both = [loop(a, C, u[:, b], h[b], reset[:, b]) for b in range(B)]
        return np.stack([y for y, _ in both], 1), np.stack([h for _, h in both])

    def loss(point):
        y, h = run(point)
        return float(np.sum(y * w) + np.sum((h * v).real))

    direction = _direction()
    return *run(point), slope(loss, point, direction)


def _direction():
    random = np.random.default_rng(1)
    (a, C, u, h), *_ = case()
    a, C, h = (_complex(random, *p.shape) for p in (a, C, h))
    return a, C, random.normal(size=u.shape), h


def _parts(value):
    return jnp.asarray(value.real, jnp.float32), jnp.asarray(value.imag, jnp.float32)


@functools.cache
def computed():
    """Every way in one program: values, and the gradient by each part."""
    (a, C, u, h), reset, w, v = case()
    w, v = jnp.asarray(w, jnp.float32), _parts(v)
    ways = {
        "filtered": filtered,
        "stepwise": lambda *p: stepwise(*p, None),
        "with resets": lambda *p: stepwise(*p, jnp.asarray(reset)),
    }

    def loss(point, way):
        y, h = ways[way](*point)
        reached = jnp.sum(h[0] * v[0] - h[1] * v[1])
        return jnp.sum(y * w) + reached, (y, h)

    run = lambda p: {way: jax.grad(loss, has_aux=True)(p, way) for way in ways}
    return jax.jit(run)((_parts(a), _parts(C), jnp.asarray(u, jnp.float32), _parts(h)))


@pytest.mark.parametrize("way", ["filtered", "stepwise", "with resets"])
def test_every_way_is_the_loop_in_values_and_gradients(way):
    _, reset, _, _ = case()
    y, h, truth = expected(reset if way == "with resets" else np.zeros_like(reset))
    (da, dC, du, dh), (own_y, own_h) = computed()[way]
    # 75 steps of factors near 1: 1e-5 of the largest.
    np.testing.assert_allclose(own_y, y, rtol=1e-5, atol=1e-5 * np.abs(y).max())
    own_h = np.asarray(own_h[0]) + 1j * np.asarray(own_h[1])
    np.testing.assert_allclose(own_h, h, rtol=1e-5, atol=1e-5 * np.abs(h).max())
    a, C, u, first = _direction()
    reached = np.sum(np.asarray(du, np.float64) * u)
    for (re, im), value in zip((da, dC, dh), (a, C, first), strict=True):
        reached += np.sum(np.asarray(re, np.float64) * value.real)
        reached += np.sum(np.asarray(im, np.float64) * value.imag)
    np.testing.assert_allclose(reached, truth, rtol=1e-4)
