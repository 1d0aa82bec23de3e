"""The recurrences of mLSTM and sLSTM against their unstabilised equations in float64.

Input gates reach e^60 and forget gates e^-30: in single precision neither C nor c could
be kept as the paper first writes them, nor h be their quotient.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.mlstm import mlstm_scan
from lib.ops.recurrence import recurrence
from lib.ops.slstm import slstm_cell

# T, B, heads, K, V; resets. Chunks have 32 steps.
CASES = {"long": (70, 2, 2, 3, 4, True), "one": (1, 1, 1, 2, 1, False)}


@functools.cache
def mlstm_point(case):
    T, B, P, K, V, resets = CASES[case]
    random = np.random.default_rng([11, T])
    draw = lambda *shape: random.normal(size=shape)
    log_i = random.uniform(-60, 60, (T, B, P)) * (random.random((T, B, P)) < 0.3)
    log_f = -np.exp(random.uniform(-6, 3.4, (T, B, P)))
    S, m = draw(B, P, K, V + 1), random.uniform(-20, 20, (B, P))
    given = draw(T, B, P, K), draw(T, B, P, K), draw(T, B, P, V), log_i, log_f, (S, m)
    reset = random.random((T, B)) < 0.1 if resets else None
    return given, reset, draw(T, B, P, V)


def mlstm_loop(given, reset):
    q, k, v, log_i, log_f, (S, m) = given
    T, B, P, K = q.shape
    C = np.exp(m)[..., None, None] * S
    C, n, h = C[..., :-1].copy(), C[..., -1].copy(), np.zeros(v.shape)
    for t, b, p in np.ndindex(T, B, P):
        if reset is not None and reset[t, b]:
            C[b, p], n[b, p] = 0, 0
        i, f = np.exp(log_i[t, b, p]), np.exp(log_f[t, b, p])
        C[b, p] = f * C[b, p] + i * np.outer(k[t, b, p], v[t, b, p])
        n[b, p] = f * n[b, p] + i * k[t, b, p]
        h[t, b, p] = q[t, b, p] @ C[b, p] / max(abs(q[t, b, p] @ n[b, p]), 1)
    return h


@functools.cache
def slstm_point(case):
    T, B, _, D, H, resets = CASES[case]
    random = np.random.default_rng([12, T])
    draw = lambda *shape: random.normal(size=shape)
    x, U, W = draw(T, B, D), draw(D, 4 * H), 0.5 * draw(H, 4 * H)
    U[:, : 2 * H] *= 10  # exponents of i and f to about 60
    state = draw(B, H), draw(B, H), 1 + draw(B, H) ** 2, 10 * draw(B, H)
    reset = random.random((T, B)) < 0.1 if resets else None
    return (x, U, W, draw(4 * H), state), reset, draw(T, B, H)


def slstm_loop(given, reset):
    x, U, W, b, (h, c, n, m) = given
    c, n, all_h = np.exp(m) * c, np.exp(m) * n, []
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    for t in range(len(x)):
        if reset is not None:
            h, c, n = (np.where(reset[t][:, None], 0, s) for s in (h, c, n))
        a_i, a_f, a_z, a_o = np.split(x[t] @ U + h @ W + b, 4, axis=1)
        c = sigmoid(a_f) * c + np.exp(a_i) * np.tanh(a_z)
        n = sigmoid(a_f) * n + np.exp(a_i)
        h = sigmoid(a_o) * c / n
        all_h.append(h)
    return np.array(all_h)


def apart_point(case):
    """The same of two inputs: the first is read by i and f, the second by z and o."""
    (x, U, W, b, state), reset, weights = slstm_point(case)
    both = (x, 0.3 - x[::-1]), tuple(np.split(U, 2, axis=1))
    return (*both, W, b, state), reset, weights


def apart_loop(given, reset):
    x, (U_1, U_2), *rest = given
    zeros = np.zeros_like(U_1)
    U = np.block([[U_1, zeros], [zeros, U_2]])
    return slstm_loop((np.concatenate(x, axis=-1), U, *rest), reset)


def run_mlstm(given, reset, method):
    return mlstm_scan(*given, reset, method)[0]


def run_slstm(given, reset, method):
    return recurrence(slstm_cell, *given, reset, method)[1]


SCANS = {
    "mlstm": (mlstm_point, mlstm_loop, run_mlstm, ("sequential", "chunked")),
    "slstm": (slstm_point, slstm_loop, run_slstm, ("stepwise", "hoisted")),
    "two inputs": (apart_point, apart_loop, run_slstm, ("stepwise", "hoisted")),
}
every = pytest.mark.parametrize(
    ("name", "method"), [(n, m) for n, scan in SCANS.items() for m in scan[3]]
)


@functools.cache
def reached(name, case):
    """h and the gradients of a weighted sum of it by each method, compiled once."""
    point, _, run, methods = SCANS[name]
    single = lambda x: jnp.asarray(x, None if x.dtype == bool else "float32")
    given, reset, weights = jax.tree.map(single, point(case))

    def both(method):
        def loss(given):
            h = run(given, reset, method)
            return jnp.sum(h * weights), h

        return jax.grad(loss, has_aux=True)(given)

    return jax.jit(lambda: {method: both(method) for method in methods})()


@every
@pytest.mark.parametrize("case", CASES)
def test_outputs_are_those_of_the_equations(name, method, case):
    given, reset, _ = SCANS[name][0](case)
    h = np.asarray(reached(name, case)[method][1])
    wanted = SCANS[name][1](given, reset)
    # Exponents of 60 are known to 4e-6 in single precision, and so is what they weigh.
    assert np.linalg.norm(h - wanted) <= 1e-4 * np.linalg.norm(wanted)


@every
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_the_differences_of_the_equations(name, method, case):
    """Along drawn directions of each argument, by central differences in float64."""
    (point, loop, *_), leaves = SCANS[name], jax.tree.leaves
    given, reset, weights = point(case)
    gradients = leaves(reached(name, case)[method][0])
    structure = jax.tree.structure(given)
    for index, gradient in enumerate(gradients):
        parts = leaves(given)
        way = np.random.default_rng(index).normal(size=parts[index].shape)
        way /= np.linalg.norm(way)

        def loss(e, index=index, parts=parts, way=way):
            moved = [p + e * way if j == index else p for j, p in enumerate(parts)]
            return np.sum(loop(structure.unflatten(moved), reset) * weights)

        slope = (loss(1e-6) - loss(-1e-6)) / 2e-6
        error = abs(np.sum(np.asarray(gradient) * way) - slope)
        assert error <= 1e-4 * np.linalg.norm(gradient) + 1e-7


def test_an_empty_slstm_reads_its_first_input_however_closed_its_gate_is():
    """c and n are then both e^-120 of what they are with an open gate, and h the same.

    Not so of m_0 = 0, of which e^-120 is 0 in single precision.
    """
    zeros = jnp.zeros((1, 2))
    gates = jnp.array([[-120.0, -120.0, 3.0, -3.0, 0.5, -2.0, 1.0, 0.0]])
    state = slstm_cell.step(gates, jnp.zeros_like(gates), (zeros,) * 4)
    wanted = np.tanh([0.5, -2.0]) / (1 + np.exp([-1.0, 0.0]))
    np.testing.assert_allclose(state[0][0], wanted, rtol=1e-6)
