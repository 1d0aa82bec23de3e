"""Optimizers against float64 loops written from their papers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lib.optimizer import FLAT_SIZE, OPTIMIZERS, clip_by_norm, make_optimizer

RATE, STEPS = 0.05, 30
START = np.array([1.0, -2.0, 0.5])


def _gradient(p):
    """Of the quadratic bowl sum(c p^2) / 2."""
    return np.array([1.0, 3.0, 0.2]) * p


def _sgd(p, g, m, v, t):
    return p - RATE * g, m, v


def _momentum(p, g, m, v, t):
    m = 0.9 * m + g
    return p - RATE * m, m, v


def _rmsprop(p, g, m, v, t):
    v = 0.9 * v + 0.1 * g**2
    return p - RATE * g / np.sqrt(v + 1e-8), m, v


def _adam(p, g, m, v, t, decay=0.0):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    direction = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p - RATE * (direction + decay * p), m, v


def _adamw(p, g, m, v, t):
    return _adam(p, g, m, v, t, decay=0.01)


LOOPS = {
    "sgd": _sgd,
    "momentum": _momentum,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adamw,
}


def _train(name, num_steps=STEPS, **settings):
    def run(rate):
        tx = make_optimizer(name, num_steps, learning_rate=rate, **settings)

        def step(carry, _):
            params, state = carry
            grads = {"p": jnp.array([1.0, 3.0, 0.2]) * params["p"]}
            updates, state = tx.update(grads, state, params)
            params = optax.apply_updates(params, updates)
            return (params, state), params["p"]

        params = {"p": jnp.asarray(START, jnp.float32)}
        return jax.lax.scan(step, (params, tx.init(params)), None, num_steps)[1]

    return np.asarray(jax.jit(run)(jnp.float32(RATE)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_algorithm_follows_its_paper(name):
    p, m, v = START, np.zeros(3), np.zeros(3)
    expected = []
    for t in range(1, STEPS + 1):
        p, m, v = LOOPS[name](p, _gradient(p), m, v, t)
        expected.append(p)
    # Adam takes 1 - 0.999^t in float32, which keeps four digits at the first steps.
    np.testing.assert_allclose(_train(name), expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_rate_warms_up_then_follows_its_schedule(schedule):
    warmup, total = 5, 25
    p, expected = START, []
    for t in range(total):
        rest = 0.5 * (1 + np.cos(np.pi * (t - warmup) / (total - warmup)))
        factor = t / warmup if t < warmup else (rest if schedule == "cosine" else 1.0)
        p = p - RATE * factor * _gradient(p)
        expected.append(p)
    found = _train("sgd", total, schedule=schedule, warmup_steps=warmup)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_rate_falls_by_steps_from_where_it_is_told():
    p, expected = START, []
    for t in range(12):
        factor = 0.5 ** max(0, (t - 4) // 3 + 1)  # 1 1 1 1 .5 .5 .5 .25 .25 .25 .125
        p = p - RATE * factor * _gradient(p)
        expected.append(p)
    found = _train("sgd", 12, schedule="step", decay_after=4, decay_every=3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(("bound", "factor"), [(0.0, 1.0), (10.0, 1.0), (1.0, 0.2)])
def test_clipping_bounds_the_global_norm(bound, factor):
    grads = {"a": jnp.array([3.0, 0.0]), "b": jnp.array([[4.0]])}  # norm 5
    tx = clip_by_norm(jnp.float32(bound))
    clipped, _ = jax.jit(lambda g: tx.update(g, tx.init(g)))(grads)
    np.testing.assert_allclose(clipped["a"], [3.0 * factor, 0.0], rtol=1e-6)
    np.testing.assert_allclose(clipped["b"], [[4.0 * factor]], rtol=1e-6)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="did you mean 'adam'.*known: adam, adamw"):
        make_optimizer("adm", 10)


def test_a_warm_up_longer_than_the_run_is_refused():
    with pytest.raises(ValueError, match="warmup_steps must be below"):
        make_optimizer("sgd", 10, warmup_steps=10)


def test_many_parameters_are_updated_as_few_are():
    few = {"U": jnp.asarray(START, jnp.float32), "b": jnp.float32([4.0])}
    many = {"U": jnp.tile(few["U"], 6000), "b": few["b"]}
    assert sum(map(jnp.size, many.values())) > FLAT_SIZE
    tx = make_optimizer("adamw", STEPS, learning_rate=RATE)

    @jax.jit
    def descend(params):
        state = tx.init(params)
        for _ in range(3):
            updates, state = tx.update(params, state, params)
            params = optax.apply_updates(params, updates)
        return params

    one, other = descend(few), descend(many)
    np.testing.assert_allclose(other["U"][-3:], one["U"], rtol=1e-6)
    np.testing.assert_allclose(other["b"], one["b"], rtol=1e-6)
    assert not np.allclose(one["b"], few["b"])
