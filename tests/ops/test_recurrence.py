import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.ops import recurrence as module
from lib.ops.chunk import chunk_size
from lib.ops.gru import gru_cell, gru_scale
from lib.ops.lstm import lstm_cell, lstm_scale
from lib.ops.recurrence import recurrence
from lib.ops.rnn import rnn_cell

CELLS = {
    "rnn": (rnn_cell, lambda size: np.ones(size, np.float32), 1, 1),
    "gru": (gru_cell, gru_scale, 3, 1),
    "lstm": (lstm_cell, lstm_scale, 4, 2),
}
METHODS = ("stepwise", "checkpointed", "hoisted", "plain")
# T, B, D, H: of one chunk of 16 and a remainder; of one of everything.
SHAPES = ((19, 2, 3, 4), (3, 1, 1, 1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def equations(name, z, u, state):
    """The next state in the papers' equations, gates along the last axis."""
    split = lambda a, count: np.split(a, count, axis=-1)
    if name == "rnn":
        return (np.tanh(z + u),)
    if name == "gru":
        (z_r, z_z, z_n), (u_r, u_z, u_n) = split(z, 3), split(u, 3)
        update = sigmoid(z_z + u_z)
        n = np.tanh(z_n + sigmoid(z_r + u_r) * u_n)
        return (update * state[0] + (1 - update) * n,)
    i, f, g, o = split(z + u, 4)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def numpy_loop(name, point, reset, weights):
    """sum(h * weights) + sum(sin(last state)), all h; leaves may have axes in front."""
    x, U, W, b, *state = point
    total, all_h = 0, []
    for t in range(x.shape[-3]):
        state = [np.where(reset[t][:, None], 0, s) for s in state]
        z = x[..., t, :, :] @ U + b[..., None, :]
        state = equations(name, z, state[0] @ W, state)
        total = total + np.sum(state[0] * weights[t], axis=(-2, -1))
        all_h.append(state[0])
    return total + sum(np.sum(np.sin(s), axis=(-2, -1)) for s in state), all_h


def numpy_gradient(name, point, reset, weights):
    """By complex steps: exact to float64's last digits, and shares nothing with lib."""
    step, found = 1e-30, []
    for index, leaf in enumerate(point):
        turned = leaf + 1j * step * np.eye(leaf.size).reshape(leaf.size, *leaf.shape)
        moved = [*point[:index], turned, *point[index + 1 :]]
        loss, _ = numpy_loop(name, moved, reset, weights)
        found.append(np.reshape(np.imag(loss) / step, leaf.shape))
    return found


@functools.cache
def differentiated(name, method):
    cell, scale, *_ = CELLS[name]

    def loss(point, reset, weights):
        x, U, W, b, *state = point
        s = scale(W.shape[0])
        scaled = U * s[None, :], W * s[None, :], b * s
        last, h = recurrence(cell, x, *scaled, tuple(state), reset, method)
        return jnp.sum(h * weights) + sum(jnp.sum(jnp.sin(s)) for s in last), h

    return jax.jit(jax.grad(loss, has_aux=True))


def draw(name, shape, seed):
    _, _, gates, num_states = CELLS[name]
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    shapes = [(T, B, D), (D, gates * H), (H, gates * H), (gates * H,)]
    point = [rng.normal(size=s) for s in shapes + [(B, H)] * num_states]
    point[2] /= H**0.5
    return point, rng.random((T, B)) < 0.2, rng.normal(size=(T, B, H))


def distance(found, expected):
    """In norm; of less than 1 absolute, as a few terms of either sign are left of."""
    return np.linalg.norm(found - expected) / max(1, np.linalg.norm(expected))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("method", METHODS)
@given(st.sampled_from(SHAPES), st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_values_and_gradients_are_those_of_float64(name, method, shape, seed, resets):
    point, reset, weights = draw(name, shape, seed)
    reset = reset & resets
    run = differentiated(name, method)

    gradient, h = run([jnp.float32(p) for p in point], reset, jnp.float32(weights))

    assert distance(h, np.stack(numpy_loop(name, point, reset, weights)[1])) < 1e-5
    expected = numpy_gradient(name, point, reset, weights)
    for found, right in zip(gradient, expected, strict=True):
        assert distance(found, right) < 1e-5


@functools.cache
def lstm_point():
    point, reset, weights = draw("lstm", (5, 2, 3, 4), 1)
    return [jnp.float32(p) for p in point], reset, jnp.float32(weights)


def lstm_loss(method):
    point, reset, weights = lstm_point()

    def loss(U):
        x, _, W, b, *state = point
        _, h = recurrence(lstm_cell, x, U, W, b, tuple(state), None, method)
        return jnp.sum(h * weights)

    return loss


def test_the_plain_form_can_be_differentiated_forwards():
    U = lstm_point()[0][1]
    direction = jnp.cos(jnp.arange(U.size, dtype=jnp.float32)).reshape(U.shape)

    @jax.jit
    def both(U):
        rate = jax.jvp(lstm_loss("plain"), (U,), (direction,))[1]
        return rate, jnp.sum(jax.grad(lstm_loss("stepwise"))(U) * direction)

    # A sum of some fifty terms of either sign, of size 1.
    np.testing.assert_allclose(*both(U), rtol=1e-5, atol=1e-5)


def test_the_plain_form_can_be_differentiated_twice():
    U = lstm_point()[0][1]
    direction = jnp.cos(jnp.arange(U.size, dtype=jnp.float32)).reshape(U.shape)
    along = lambda U: jnp.sum(jax.grad(lstm_loss("plain"))(U) * direction)
    step = 1e-2

    @jax.jit
    def both(U):
        first = jax.grad(lstm_loss("stepwise"))
        difference = (first(U + step * direction) - first(U - step * direction)) / (
            2 * step
        )
        return jax.grad(along)(U), difference

    # A central difference is wrong by O(step^2).
    exact, difference = both(U)
    assert np.linalg.norm(exact - difference) < 1e-3 * np.linalg.norm(exact)


def test_a_method_that_is_not_known_is_refused_with_those_that_are():
    (x, U, W, b, *state), *_ = lstm_point()
    with pytest.raises(ValueError, match="stepwise, .*plain, got 'fast'"):
        recurrence(lstm_cell, x, U, W, b, tuple(state), None, "fast")


def test_two_dtypes_are_refused():
    (x, U, W, b, *state), *_ = lstm_point()
    with pytest.raises(ValueError, match="one dtype, got bfloat16, float32"):
        recurrence(lstm_cell, x.astype(jnp.bfloat16), U, W, b, tuple(state))


def test_no_steps_leave_the_state_as_it_was():
    (x, U, W, b, *state), *_ = lstm_point()
    for method in ("stepwise", "checkpointed", "hoisted"):
        last, h = recurrence(lstm_cell, x[:0], U, W, b, tuple(state), None, method)
        assert h.shape == (0, *state[0].shape)
        np.testing.assert_array_equal(last[1], state[1])


def test_long_sequences_are_checkpointed_and_short_ones_kept():
    assert module.choose(lstm_cell, 128, 32 * 128 * 4) == "stepwise"
    assert module.choose(lstm_cell, 100_000, 8 * 64 * 4) == "checkpointed"


def test_an_accelerator_hoists(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert module.choose(lstm_cell, 100_000, 8 * 64 * 4) == "hoisted"


def test_chunks_divide_the_sequence_where_a_divisor_is_near():
    assert chunk_size(100_000) == 50
    assert chunk_size(2048) == 32
    assert chunk_size(97 * 101) == 64
    assert chunk_size(5) == 5
