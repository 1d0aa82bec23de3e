"""Matrix-state recurrences against loops in double precision and their derivatives."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.delta_rule import delta_scan
from lib.ops.dplr import LEAST_LOG_DECAY, dplr_scan
from lib.ops.matrix_state import decay_scan

SCANS = {
    "decay": decay_scan,
    "decay of each key": decay_scan,
    "delta": delta_scan,
    "diagonal and low rank": dplr_scan,
}

# T, B, heads, K, V; resets. Chunks have 32 steps, or 16 with a decay of each key.
CASES = {"long": (70, 2, 2, 3, 4, True), "one": (1, 1, 1, 1, 1, False)}


@functools.cache
def point(name, case):
    """What the scan reads, the mask of resets, and weights of y and of the last S."""
    T, B, P, K, V, resets = CASES[case]
    random = np.random.default_rng([7, T])
    draw = lambda *shape: random.normal(size=shape)
    q, k, v = draw(T, B, P, K), draw(T, B, P, K), draw(T, B, P, V)
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    # From next to no decay to e^-30, which no product of 32 of them survives.
    log_g = -np.exp(random.uniform(-6, 3.4, (T, B, P)))
    if name in ("decay of each key", "diagonal and low rank"):
        log_g = -np.exp(random.uniform(-6, 3.4, (T, B, P, K)))
    b = [random.uniform(0, 2, (T, B, P))] if name == "delta" else []
    if name == "diagonal and low rank":
        log_g = np.maximum(log_g, LEAST_LOG_DECAY)
        a = draw(T, B, P, K)
        b = [a / np.linalg.norm(a, axis=-1, keepdims=True), -random.random() * k]
    reset = random.random((T, B)) < 0.1 if resets else None
    given = q, k, v, *b, log_g, draw(B, P, K, V)
    return given, reset, (draw(T, B, P, V), draw(B, P, K, V))


def loop(name, given, reset):
    """The definition, head by head and step by step."""
    *sequences, log_g, S = given
    q, k, v = sequences[:3]
    T, B, P, K = q.shape
    S, y = np.array(S), np.zeros(v.shape)
    for t, b, p in np.ndindex(T, B, P):
        if reset is not None and reset[t, b]:
            S[b, p] = 0
        gate = np.broadcast_to(np.exp(log_g[t, b, p]), K)
        key, value = k[t, b, p], v[t, b, p]
        state = np.diag(gate) @ S[b, p]
        if name == "diagonal and low rank":
            read, write = (sequences[i][t, b, p] for i in (3, 4))
            state = state + np.outer(write, read @ S[b, p])
        if name == "delta":
            rate = sequences[3][t, b, p]
            state = (np.eye(K) - rate * np.outer(key, key)) @ state
            value = rate * value
        S[b, p] = state + np.outer(key, value)
        y[t, b, p] = q[t, b, p] @ S[b, p]
    return y, S


@functools.cache
def expected(name, case):
    return loop(name, point(name, case)[0], point(name, case)[1])


@functools.cache
def reached(name, case):
    """Outputs and gradients by each method, from one compilation."""
    given, reset, weights = jax.tree.map(
        lambda x: jnp.asarray(x, None if x.dtype == bool else "float32"),
        point(name, case),
    )

    def both(method):
        def loss(given):
            found = SCANS[name](*given, reset, method)
            return sum(jnp.sum(a * b) for a, b in zip(found, weights, strict=True)), (
                found
            )

        gradients, found = jax.grad(loss, has_aux=True)(given)
        return found, gradients

    methods = "sequential", "chunked"
    return jax.jit(lambda: {method: both(method) for method in methods})()


def assert_near(found, wanted):
    """To 1e-5 in norm."""
    assert found.shape == wanted.shape
    assert np.linalg.norm(found - wanted) <= 1e-5 * np.linalg.norm(wanted)


@pytest.mark.parametrize("method", ["sequential", "chunked"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SCANS)
def test_outputs_and_last_state_are_those_of_the_definition(name, case, method):
    found = reached(name, case)[method][0]
    for one, wanted in zip(found, expected(name, case), strict=True):
        assert_near(one, wanted)


@pytest.mark.parametrize("method", ["sequential", "chunked"])
@pytest.mark.parametrize("name", SCANS)
def test_gradients_are_the_differences_of_the_definition(name, method):
    """Along a drawn direction of each argument, by central differences in float64."""
    given, reset, weights = point(name, "long")

    def loss(given):
        found = loop(name, given, reset)
        return sum(np.sum(a * b) for a, b in zip(found, weights, strict=True))

    gradients = reached(name, "long")[method][1]
    for i, (array, gradient) in enumerate(zip(given, gradients, strict=True)):
        way = np.random.default_rng(i).normal(size=array.shape)
        way /= np.linalg.norm(way)
        moved = lambda e, i=i, a=array, w=way: [*given[:i], a + e * w, *given[i + 1 :]]
        slope = (loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5
        error = abs(np.sum(np.asarray(gradient) * way) - slope)
        assert error <= 1e-5 * np.linalg.norm(gradient)


@pytest.mark.parametrize("name", SCANS)
def test_gradients_agree_between_the_methods(name):
    one, other = (reached(name, "long")[m][1] for m in ("sequential", "chunked"))
    for found, wanted in zip(other, one, strict=True):
        assert_near(np.asarray(found), np.asarray(wanted))


@pytest.mark.parametrize("rate", [1.0, 1.9])
def test_the_delta_rule_holds_for_a_key_that_comes_at_every_step(rate):
    """Where nothing decays and the powers of L of a chunk grow as binomials."""
    (q, k, v, b, log_g, S), _, weights = point("delta", "long")
    given = q, np.broadcast_to(k[:1], k.shape), v, b * 0 + rate, log_g * 0, S
    single = tuple(jnp.asarray(array, jnp.float32) for array in given)

    def loss(given, method):
        y, last = delta_scan(*given, method=method)
        return jnp.sum(y * jnp.asarray(weights[0], jnp.float32)), (y, last)

    differentiate = jax.grad(loss, has_aux=True)
    methods = "sequential", "chunked"
    one, other = jax.jit(lambda given: [differentiate(given, m) for m in methods])(
        single
    )
    for found, wanted in zip(other[1], loop("delta", given, None), strict=True):
        assert_near(found, wanted)
    for found, wanted in zip(other[0][:4], one[0][:4], strict=True):
        assert np.linalg.norm(found - wanted) <= 1e-4 * np.linalg.norm(wanted)


@pytest.mark.parametrize("name", SCANS)
def test_no_steps_change_nothing(name):
    *sequences, S = (jnp.float32(x) for x in point(name, "one")[0])
    y, last = SCANS[name](*(x[:0] for x in sequences), S)
    assert y.shape == (0, *sequences[2].shape[1:])
    np.testing.assert_array_equal(last, S)


@pytest.mark.parametrize("name", SCANS)
def test_an_unknown_method_is_named_with_those_there_are(name):
    given = jax.tree.map(jnp.float32, point(name, "one")[0])
    with pytest.raises(ValueError, match="one of auto, sequential, chunked, got 'x'"):
        SCANS[name](*given, method="x")
