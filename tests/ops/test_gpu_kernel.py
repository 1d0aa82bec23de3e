"""The GPU kernels in Pallas's interpret mode, against loops in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops.hopper.gate import GATE_CELLS
from lib.ops.hopper.linear_scan import kernel_linear_scan
from lib.ops.hopper.persistent import tile_size
from lib.ops.hopper.recurrence import persistent_recurrence
from tests import reference
from tests.ops.interpreter import INTERPRET, call

SCALES = {"rnn": [1.0], "gru": [0.5, 0.5, 1.0], "lstm": [0.5, 0.5, 1.0, 0.5]}

# 227 KiB hold 2 G H^2 bytes of W and 2 H max(2, G) of each of 16 examples (32 from JAX
# 0.12 on, which reads no half lines).
LARGEST = {"rnn": 320, "gru": 176, "lstm": 160}
if jax.__version_info__ >= (0, 12):
    LARGEST = {"rnn": 304, "gru": 176, "lstm": 144}


def draw(random, *shape):
    return random.normal(size=shape) * 0.5


def make_point(name, B, T, D, H, seed=0):
    """Float64 arguments whose W is of bfloat16, so that only h is rounded in a step."""
    random, cell = np.random.default_rng(seed), GATE_CELLS[name]
    G, states = cell.num_gates * H, cell.num_states
    W = np.asarray(jnp.asarray(draw(random, H, G), jnp.bfloat16), np.float64)
    W = W * 2.0 ** -np.ceil(np.log2(H) / 2)
    return {
        "x": draw(random, T, B, D),
        "U": draw(random, D, G),
        "W": W,
        "b": draw(random, G),
        "state": [draw(random, B, H) for _ in range(states)],
    }


def loop(name, p, reset):
    """All h [T, B, H] and the last state, example by example, in float64."""
    T, B, _ = p["x"].shape
    all_h = np.zeros((T, *p["state"][0].shape))
    for e in range(B):
        state = [s[e] for s in p["state"]]
        for t in range(T):
            if reset is not None and reset[t, e]:
                state = [np.zeros_like(s) for s in state]
            if name == "lstm":
                state = lstm_step(p, p["x"][t, e], state)
            else:
                run = getattr(reference, name)
                state = [run(p, p["x"][t : t + 1, e], state[0])[-1]]
            all_h[t, e] = state[0]
    return all_h


def lstm_step(p, x, state):
    """`reference.lstm` gives h alone; a reset between steps needs c too."""
    i, f, g, o = np.split(x @ p["U"] + state[0] @ p["W"] + p["b"], 4)
    c = reference.sigmoid(f) * state[1] + reference.sigmoid(i) * np.tanh(g)
    return [reference.sigmoid(o) * np.tanh(c), c]


def kernel(name, p, reset):
    s = np.repeat(np.array(SCALES[name], np.float32), p["W"].shape[0])
    weights = p["U"] * s[None, :], p["W"] * s[None, :], p["b"] * s
    state = tuple(p["state"])
    return persistent_recurrence(name, p["x"], *weights, state, reset, INTERPRET)[1]


CASES = {
    "lstm, resets, three steps": ("lstm", 2, 3, 2, 5, True),
    "gru, resets, odd length": ("gru", 3, 5, 2, 4, True),
    "rnn, two warpgroups that overlap, two tiles": ("rnn", 17, 2, 2, 80, False),
    "rnn, one of everything": ("rnn", 1, 1, 1, 1, False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_persistent_kernel_is_the_loop_in_float64_with_its_gradient(case):
    name, B, T, D, H, has_reset = CASES[case]
    point = make_point(name, B, T, D, H)
    random = np.random.default_rng(1)
    weights = draw(random, T, B, H)
    reset = random.random((T, B)) < 0.4 if has_reset else None

    def loss(p):
        h = kernel(name, p, None if reset is None else jnp.asarray(reset))
        return jnp.sum(h * weights.astype(np.float32)), h

    single = jax.tree.map(lambda v: jnp.asarray(v, jnp.float32), point)
    (_, h), gradient = call(jax.value_and_grad(loss, has_aux=True), single)

    expected = loop(name, point, reset)
    # Operands of bfloat16: 2^-8 of each h that enters a product.
    assert np.linalg.norm(h - expected) < 1e-2 * np.linalg.norm(expected)
    true = lambda p: float(np.sum(loop(name, p, reset) * weights))
    for key in point:
        # One direction for an argument: that of its own gradient, in which every
        # entry counts.
        own = jax.tree.map(lambda g: np.asarray(g, np.float64), gradient[key])
        zeros = jax.tree.map(np.zeros_like, point)
        slope = reference.slope(true, point, {**zeros, key: own})
        square = sum(float(np.sum(g * g)) for g in jax.tree.leaves(own))
        assert abs(slope - square) <= 1e-2 * square + 1e-12, key


def test_mapped_runs_are_one_call_and_each_its_own():
    points = [make_point("rnn", 2, 2, 1, 3, seed) for seed in (0, 1)]
    single = jax.tree.map(lambda *v: jnp.stack(v).astype(jnp.float32), *points)
    loss = lambda p: jnp.sum(jnp.sin(kernel("rnn", p, None)))
    gradient = call(jax.vmap(jax.grad(loss)), single)
    for r, point in enumerate(points):
        true = lambda p: float(np.sum(np.sin(loop("rnn", p, None))))
        own = jax.tree.map(lambda g, r=r: np.asarray(g[r], np.float64), gradient)
        square = sum(float(np.sum(g * g)) for g in jax.tree.leaves(own))
        assert reference.slope(true, point, own) == pytest.approx(square, rel=1e-2)


def test_the_largest_hidden_sizes_are_those_whose_weights_fit_a_multiprocessor():
    fits = lambda name, H: tile_size(GATE_CELLS[name], H, 32) > 0
    largest = {name: max(H for H in range(1, 400) if fits(name, H)) for name in SCALES}
    # 2 G H^2 bytes of weights in 227 KiB: below 340, 196 and 170, in steps of 16, less
    # two vectors a gate or more.
    assert largest == LARGEST


@pytest.mark.parametrize(("name", "H"), LARGEST.items())
def test_kernels_lower_for_a_gpu_at_their_largest_size(name, H):
    """Layouts, swizzles and product shapes are checked when a kernel is lowered."""
    cell, shape = GATE_CELLS[name], lambda *s: jax.ShapeDtypeStruct(s, jnp.float32)

    def loss(x, U, W, b, *state):
        reset = jnp.zeros(x.shape[:2], bool)
        return jnp.sum(persistent_recurrence(name, x, U, W, b, state, reset)[1])

    G = cell.num_gates * H
    state = [shape(32, H)] * cell.num_states
    arguments = (shape(4, 32, 8), shape(8, G), shape(H, G), shape(G), *state)
    traced = jax.jit(jax.grad(loss)).trace(*arguments)
    text = traced.lower(lowering_platforms=("cuda",)).as_text()
    assert text.count("custom_call @mosaic_gpu") == 2


def test_weights_too_large_for_a_multiprocessor_are_refused():
    x, W = jnp.zeros((1, 1, 1)), jnp.zeros((336, 336))
    with pytest.raises(ValueError, match="hidden size 336 does not fit"):
        persistent_recurrence(
            "rnn", x, W[:1], W, W[0], (jnp.zeros((1, 336)),), None, INTERPRET
        )


def diagonal_loop(p, reset):
    a, h, all_h = p["a"], p["h"].copy(), []
    for t, x in enumerate(p["x"]):
        h = a * np.where(reset[t][:, None], 0, h) + x
        all_h.append(h)
    return np.array(all_h)


@pytest.mark.parametrize(
    ("kind", "T", "B", "N"), [("complex64", 33, 2, 3), ("float32", 1, 1, 1)]
)
def test_the_one_pass_scan_is_the_loop_in_float64_with_its_gradient(kind, T, B, N):
    random = np.random.default_rng(0)
    parts = 2 if kind == "complex64" else 1

    def number(*shape):
        values = [random.normal(size=shape) * 0.5 for _ in range(parts)]
        return values[0] + 1j * values[1] if parts == 2 else values[0]

    point = {"a": number(N), "x": number(T, B, N), "h": number(B, N)}
    weights, reset = number(T, B, N), random.random((T, B)) < 0.2

    def loss(p):
        y = kernel_linear_scan(p["a"], p["x"], p["h"], jnp.asarray(reset), INTERPRET)
        return jnp.sum((y * weights.astype(kind)).real), y

    single = jax.tree.map(lambda v: jnp.asarray(v, kind), point)
    (_, y), gradient = call(jax.value_and_grad(loss, has_aux=True), single)

    np.testing.assert_allclose(y, diagonal_loop(point, reset), rtol=1e-5, atol=1e-5)
    true = lambda p: float(np.sum((diagonal_loop(p, reset) * weights).real))
    for key in point:
        # The change of the loss along d is Re sum(gradient d): largest along conj.
        own = np.conj(np.asarray(gradient[key], np.complex128))
        own = own if parts == 2 else own.real
        zeros = jax.tree.map(np.zeros_like, point)
        slope = reference.slope(true, point, {**zeros, key: own})
        assert slope == pytest.approx(float(np.sum(np.abs(own) ** 2)), 1e-5), key


def test_mapped_one_pass_scans_are_each_their_own():
    random = np.random.default_rng(0)
    a, x, h = (random.normal(size=s) * 0.5 for s in ((2, 3), (2, 4, 2, 3), (2, 2, 3)))
    scan = jax.vmap(functools.partial(kernel_linear_scan, interpret=INTERPRET))
    y = call(scan, *(jnp.asarray(v, jnp.float32) for v in (a, x, h)))
    for r in range(2):
        expected = diagonal_loop({"a": a[r], "x": x[r], "h": h[r]}, np.zeros((4, 2)))
        np.testing.assert_allclose(y[r], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["float32", "complex64"])
def test_the_one_pass_scan_lowers_for_a_gpu(kind):
    shape = lambda *s: jax.ShapeDtypeStruct(s, kind)
    loss = lambda a, x, h: jnp.sum(kernel_linear_scan(a, x, h).real)
    traced = jax.jit(jax.grad(loss)).trace(shape(300), shape(70, 2, 300), shape(2, 300))
    text = traced.lower(lowering_platforms=("cuda",)).as_text()
    assert text.count("custom_call @mosaic_gpu") == 2
