import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.linear_scan import linear_scan

METHODS = ["sequential", "associative", "chunked", "plain"]

# T, B, N, complex, a of every step, resets. A chunk has 64 steps.
CASES = {
    "complex": (13, 2, 3, True, False, True),
    "complex, a changes": (67, 2, 3, True, True, True),
    "one channel": (70, 1, 1, False, True, False),
    "one step": (1, 3, 2, False, False, True),
    "three chunks": (130, 2, 3, False, False, False),
}


def draw(shape, seed, is_complex):
    random = np.random.default_rng([seed, *shape])
    value = random.normal(size=shape)
    return value + 1j * random.normal(size=shape) if is_complex else value


@functools.cache
def point(case):
    """a, x, h, the mask of resets, and what each state counts in a loss."""
    T, B, N, is_complex, changes, resets = CASES[case]
    a = draw((T, B, N) if changes else (N,), 0, is_complex)
    a = 0.98 * a / np.maximum(np.abs(a), 1)
    x, h, weights = (
        draw(shape, seed, is_complex)
        for seed, shape in enumerate([(T, B, N), (B, N), (T, B, N)], 1)
    )
    reset = np.random.default_rng(5).random((T, B)) < 0.2
    return a, x, h, reset if resets else None, weights


@functools.cache
def expected(case):
    """The states, and the gradients of Re(sum of weights * states), by float64 loops.

    As JAX defines it, with no conjugate: du of a complex u is dL/dRe u - i dL/dIm u.
    """
    a, x, h, reset, weights = point(case)
    every = np.broadcast_to(a, x.shape)
    if reset is not None:
        every = np.where(reset[:, :, None], 0, every)
    states, before = [], h
    for t in range(len(x)):
        before = every[t] * before + x[t]
        states.append(before)
    da, dx, reached = np.zeros_like(every), np.zeros_like(x), 0
    for t in reversed(range(len(x))):
        dx[t] = reached + weights[t]
        keep = 1 if reset is None else ~reset[t][:, None]
        da[t] = keep * (states[t - 1] if t else h) * dx[t]
        reached = every[t] * dx[t]
    return np.array(states), (da if a.ndim == 3 else da.sum((0, 1)), dx, reached)


@functools.cache
def reached(case):
    """States and gradients by each method, from one compilation."""
    *given, reset, weights = point(case)
    narrow = lambda v: jnp.asarray(v, "complex64" if np.iscomplexobj(v) else "float32")
    given, weights = jax.tree.map(narrow, (given, weights))
    reset = None if reset is None else jnp.asarray(reset)

    def both(method):
        def loss(given):
            states = linear_scan(*given, reset, method)
            return jnp.sum((states * weights).real), states

        gradients, states = jax.grad(loss, has_aux=True)(tuple(given))
        return states, gradients

    return jax.jit(lambda: {method: both(method) for method in METHODS})()


def assert_near(found, wanted):
    """To 1e-5 in norm."""
    assert found.shape == wanted.shape
    assert np.linalg.norm(found - wanted) <= 1e-5 * np.linalg.norm(wanted)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_states_are_those_of_a_loop_in_double_precision(case, method):
    assert_near(reached(case)[method][0], expected(case)[0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_a_loop_in_double_precision(case, method):
    pairs = zip(reached(case)[method][1], expected(case)[1], strict=True)
    for found, wanted in pairs:
        assert_near(found, wanted)


def test_pairs_of_real_arrays_are_complex_numbers():
    a, x, h, reset, _ = point("complex")
    pair = lambda v: (jnp.float32(v.real), jnp.float32(v.imag))
    real, imaginary = jax.jit(linear_scan)(
        pair(a), pair(x), pair(h), jnp.asarray(reset)
    )
    assert real.dtype == jnp.float32
    assert_near(np.asarray(real) + 1j * np.asarray(imaginary), expected("complex")[0])


def test_plain_form_has_tangents_and_second_derivatives():
    # h_2 = a^2 h, of a = 0.5 and h = 3: derivatives 2 a h = 3 and 2 h = 6.
    def last(a):
        zeros = jnp.zeros((2, 1, 1))
        return linear_scan(a, zeros, jnp.full((1, 1), 3.0), None, "plain")[-1, 0, 0]

    a = jnp.full((1,), 0.5)
    tangent = jax.jvp(last, (a,), (jnp.ones(1),))[1]
    np.testing.assert_allclose(tangent, 3.0, rtol=1e-6)
    np.testing.assert_allclose(jax.hessian(last)(a), [[6.0]], rtol=1e-6)


def test_the_gradient_of_one_step_compiles_alone():
    """h_1 = a h + x: derivatives h = 3, 1 and a = 0.5."""

    def last(a, x, h):
        return jnp.sum(linear_scan(a, x, h, method="sequential"))

    one = jnp.ones((1, 1))
    slopes = jax.jit(jax.grad(last, (0, 1, 2)))(0.5 * one[0], one[None], 3 * one)
    assert [float(slope.sum()) for slope in slopes] == [3.0, 1.0, 0.5]


def test_no_steps_give_no_states():
    for method in METHODS:
        states = linear_scan(
            jnp.ones(2), jnp.ones((0, 1, 2)), jnp.ones((1, 2)), None, method
        )
        assert states.shape == (0, 1, 2)


def test_two_dtypes_are_refused():
    x = jnp.ones((2, 1, 1), jnp.bfloat16)
    with pytest.raises(ValueError, match="one dtype, got bfloat16, float32"):
        linear_scan(jnp.ones(1), x, jnp.ones((1, 1)))


def test_an_unknown_method_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="one of auto, sequential.* got 'fast'"):
        linear_scan(jnp.ones(1), jnp.ones((1, 1, 1)), jnp.ones((1, 1)), method="fast")
