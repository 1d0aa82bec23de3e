"""Recurrences of lib.ops.feedback and lib.ops.independent, with and without resets.

Against float64 loops, gradients by central differences along three directions.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.feedback import feedback
from lib.ops.independent import independent_relu
from tests.reference import along, slope

T, B, H = 9, 2, 3
random = np.random.default_rng(0)
RESET = np.zeros((T, B), bool)
RESET[[0, 4, 5], [1, 0, 0]] = True
WEIGHTS = random.normal(size=(T, B, H))
POINTS = {
    # k, z, W, the two parts of the state
    "feedback": (
        random.normal(size=H),
        random.normal(size=(T, B, H)),
        random.normal(0, 0.4, (2 * H, H)),
        random.normal(size=(B, H)),
        random.normal(size=(B, H)),
    ),
    # a, z, h
    "independent": (
        random.uniform(-1, 1, H),
        random.normal(0.5, 1, (T, B, H)),
        random.normal(size=(B, H)),
    ),
}


def oscillate(k, a, state):
    """A step that reads its parameter, and both parts of the state."""
    y, v = state
    v = 0.5 * v + 0.3 * jnp.tanh(a) - k[None, :] * y
    return y + 0.2 * v, v


def loss_64(name, reset, point):
    """sum(all h * weights) + sum(last parts), one step after the other."""
    total = 0.0
    if name == "feedback":
        k, z, W, y, v = point
    else:
        a, z, y = point
    for t in range(T):
        keep = 1 - reset[t][:, None]
        y = keep * y
        if name == "feedback":
            v = keep * v
            force = np.tanh(z[t] + np.concatenate([y, v], axis=1) @ W)
            v = 0.5 * v + 0.3 * force - k * y
            y = y + 0.2 * v
        else:
            pre = z[t] + a * y
            y = np.where(pre > 0, pre, 0)
        total += np.sum(y * WEIGHTS[t])
    return total + np.sum(y) + (np.sum(v) if name == "feedback" else 0)


@functools.cache
def gradients(name):
    """The loss and its gradient, without resets and with them, in one program."""
    weights = jnp.asarray(WEIGHTS, jnp.float32)

    def loss(point, reset):
        if name == "feedback":
            k, z, W, *state = point
            last, h = feedback(oscillate, k, z, W, tuple(state), reset)
        else:
            h = independent_relu(*point, reset)
            last = (h[-1],)
        return jnp.sum(h * weights) + sum(map(jnp.sum, last))

    both = jax.value_and_grad(loss)
    point = tuple(jnp.asarray(p, jnp.float32) for p in POINTS[name])
    return jax.jit(lambda p: (both(p, None), both(p, jnp.asarray(RESET))))(point)


@pytest.mark.parametrize("has_reset", [False, True])
@pytest.mark.parametrize("name", POINTS)
def test_values_and_gradients_are_those_of_the_loop(name, has_reset):
    reset, point = RESET if has_reset else np.zeros_like(RESET), POINTS[name]
    value, gradient = gradients(name)[has_reset]
    of = functools.partial(loss_64, name, reset)
    np.testing.assert_allclose(value, of(along(point, point, 0.0)), rtol=1e-5)
    for seed in range(3):
        draw = np.random.default_rng(seed + 1)
        direction = tuple(draw.normal(size=p.shape) for p in point)
        pairs = zip(gradient, direction, strict=True)
        reached = sum(float(np.sum(np.asarray(g, np.float64) * d)) for g, d in pairs)
        np.testing.assert_allclose(reached, slope(of, point, direction), rtol=1e-4)


def test_one_step_and_none_are_computed_too():
    a, z, h = (jnp.asarray(p, jnp.float32) for p in POINTS["independent"])
    once = jax.grad(lambda a: jnp.sum(independent_relu(a, z[:1], h)))(a)
    alive = np.asarray(z[0] + a[None, :] * h) > 0
    np.testing.assert_allclose(once, np.sum(alive * np.asarray(h), axis=0), rtol=1e-5)
    assert independent_relu(a, z[:0], h).shape == (0, B, H)
