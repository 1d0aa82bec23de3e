"""The gradient's way back, against finite differences and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.error import UserError
from lib.gradient import carry_gradient_norms, check_recurrent
from lib.library import make_model
from lib.loss import cross_entropy, squared_error
from lib.types import Batch, Interface, Model

T, B = 7, 3
INTERFACE = Interface(0, 2, 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step(p, h, x):
    h = np.tanh(x @ p["U"] + h @ p["W"] + p["b"])
    return h, h


def gru_step(p, h, x):
    (U_r, U_z, U_n), (W_r, W_z, W_n) = np.split(p["U"], 3, 1), np.split(p["W"], 3, 1)
    b_r, b_z, b_n = np.split(p["b"], 3)
    r, z = sigmoid(x @ U_r + h @ W_r + b_r), sigmoid(x @ U_z + h @ W_z + b_z)
    h = z * h + (1 - z) * np.tanh(x @ U_n + r * (h @ W_n) + b_n)
    return h, h


def lstm_step(p, state, x):
    h, c = np.split(state, 2)
    i, f, g, o = np.split(x @ p["U"] + h @ p["W"] + p["b"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return np.concatenate([h, c]), h


def lru_step(p, state, x):
    """The state as its real parts above its imaginary ones."""
    size = len(p["nu"])
    eigenvalue = np.exp(-np.exp(p["nu"]) + 1j * np.exp(p["theta"]))
    drive = x @ (p["B"][:, :size] + 1j * p["B"][:, size:])
    h = eigenvalue * (state[:size] + 1j * state[size:])
    h = h + np.exp(p["log_gamma"]) * drive
    state = np.concatenate([h.real, h.imag])
    v = state @ p["C"]
    v = 0.5 * v * (1 + np.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v**3)))
    return state, v * sigmoid(v @ p["G"] + p["g"]) + x @ p["D"]


def norms_of(model, params, batch, loss):
    return jax.jit(lambda p, b: carry_gradient_norms(model, p, b, loss))(params, batch)


STEPS = {
    "rnn": (rnn_step, 1),
    "gru": (gru_step, 1),
    "lstm": (lstm_step, 2),
    "lru": (lru_step, 2),
}


def expected_norm(step, parts, layers, params, x, target, lag):
    """|dE_T/dh_{T-lag}| of one example by finite differences of a float64 loop."""
    size = parts * 4

    def read(state, x):
        for x_t in x:
            h, after = x_t, []
            for name, before in zip(layers, np.split(state, len(layers)), strict=True):
                now, h = step(params[name], before, h)
                after.append(now)
            state = np.concatenate(after)
        return state, h

    middle, _ = read(np.zeros(size * len(layers)), x[: len(x) - lag])

    def error(state):
        _, h = read(state, x[len(x) - lag :])
        return np.mean((h @ params["V"] + params["c"] - target) ** 2)

    eye = 1e-5 * np.eye(len(middle))
    slopes = [(error(middle + e) - error(middle - e)) / 2e-5 for e in eye]
    return np.linalg.norm(slopes)


@pytest.mark.parametrize(("name", "num_layers"), [(n, 1) for n in STEPS] + [("gru", 2)])
def test_norms_are_those_of_finite_differences(name, num_layers):
    model = make_model(name, INTERFACE, hidden_size=4, num_layers=num_layers)
    random = np.random.default_rng(0)
    inputs = random.normal(size=(B, T, 2)).astype(np.float32)
    targets = random.normal(size=(B, T, 3)).astype(np.float32)
    lengths = np.array([T, T - 2, 4])  # the last scored position of each example
    mask = (np.arange(T)[None] < lengths[:, None]).astype(np.float32)
    batch = Batch(jnp.asarray(inputs), jnp.asarray(targets), jnp.asarray(mask))
    shapes = jax.eval_shape(model.init, jax.random.key(0), batch.inputs)
    params = jax.tree.map(
        lambda s: 0.5 * random.normal(size=s.shape).astype(np.float32), shapes
    )
    norms = norms_of(model, params, batch, squared_error)
    wide = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    layers = [f"layer_{i}" for i in range(num_layers)]
    step, parts = STEPS[name]
    for lag in range(1, T):
        found = [
            expected_norm(
                step, parts, layers, wide, inputs[b, :n], targets[b, n - 1], lag
            )
            for b, n in enumerate(lengths)
            if n > lag
        ]
        # Float32 products along the way.
        np.testing.assert_allclose(norms[lag - 1], np.mean(found), rtol=2e-4)


def linear(a):
    """h_t = a h_{t-1} + x_t, y_t = h_t, real or complex a [N]."""
    a = jnp.asarray(a)

    def step(params, carry, x):
        h = a[None, :] * carry["h"] + x.astype(a.dtype)
        return {"h": h, "read": carry["read"] + 1}, h.real

    def initial(params, inputs):
        shape = (inputs.shape[0], len(a))
        return {"h": jnp.zeros(shape, a.dtype), "read": jnp.int32(0)}

    return Model(lambda key, inputs: {}, initial, lambda *args: None, step)


@pytest.mark.parametrize("a", [0.9, 1.1, 0.6 + 0.6j])
def test_a_linear_recurrence_has_its_closed_form(a):
    steps = 60
    random = np.random.default_rng(1)
    x = random.normal(size=(B, steps, 1)).astype(np.float32)
    mask = np.zeros((B, steps), np.float32)
    mask[:, -1] = 1
    model = linear(
        np.array([a], np.complex64 if isinstance(a, complex) else np.float32)
    )
    target = np.zeros((B, steps, 1), np.float32)
    batch = Batch(*map(jnp.asarray, (x, target, mask)))
    norms = norms_of(model, {}, batch, squared_error)
    last = [sum(a ** (steps - 1 - t) * x[b, t, 0] for t in range(steps)).real
            for b in range(B)]  # fmt: skip
    lag = np.arange(1, steps)
    # E = y^2 and y = Re(a^k h_{T-k} + ...), so |dE/dh_{T-k}| = 2 |y| |a|^k.
    np.testing.assert_allclose(
        norms, np.mean(np.abs(last)) * 2 * abs(a) ** lag, rtol=1e-4
    )


def test_norms_too_small_to_square_are_kept():
    mask = np.zeros((1, 40), np.float32)
    mask[:, -1] = 1
    x = np.zeros((1, 40, 1), np.float32)
    batch = Batch(jnp.asarray(x), jnp.ones((1, 40, 1)), jnp.asarray(mask))
    model = linear(np.array([0.15], np.float32))
    norms = norms_of(model, {}, batch, squared_error)
    # float32 holds 1e-30, but its square only as 0.
    np.testing.assert_allclose(norms[34], 2 * 0.15**35, rtol=1e-4)


def test_a_lag_longer_than_every_example_is_unknown():
    model = make_model("rnn", Interface(5, 5, 5), hidden_size=3)
    tokens = jnp.zeros((2, 6), jnp.int32)
    mask = jnp.asarray([[1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], jnp.float32)
    batch = Batch(tokens, tokens, mask)
    shapes = jax.eval_shape(model.init, jax.random.key(0), tokens)
    params = jax.tree.map(lambda s: jnp.full(s.shape, 0.3), shapes)
    norms = norms_of(model, params, batch, cross_entropy)
    assert np.isfinite(norms[:2]).all() and np.isnan(norms[2:]).all()


@pytest.mark.parametrize("name", ["tcn", "window_mlp"])
def test_a_model_without_a_state_is_refused(name):
    model = make_model(name, INTERFACE, hidden_size=4)
    with pytest.raises(UserError, match=f"{name}: needs a model that carries a state"):
        check_recurrent(name, model)
