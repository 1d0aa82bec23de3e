import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.ops import chunk
from lib.ops.gru import gru_cell
from lib.ops.lstm import lstm_cell
from lib.ops.recurrence import plain_recurrence, recurrence
from lib.ops.rnn import rnn_cell

B, D, H = 2, 3, 4
CELLS = {"rnn": (rnn_cell, 1, 1), "gru": (gru_cell, 3, 1), "lstm": (lstm_cell, 4, 2)}


def draw(shape, seed):
    return jnp.asarray(np.random.default_rng([seed, *shape]).normal(size=shape), "f4")


def both_ways(cell, point, reset):
    """Values and gradients by the custom and by JAX's own differentiation."""

    def loss(run, point):
        last, h = run(cell, *point, reset)
        weights = draw(h.shape, 7)
        return jnp.sum(h * weights) + sum(jnp.sum(jnp.sin(s)) for s in last), (last, h)

    def differentiate(run):
        return jax.value_and_grad(lambda p: loss(run, p), has_aux=True)

    @jax.jit
    def pair(point):
        return differentiate(recurrence)(point), differentiate(plain_recurrence)(point)

    return pair(point)


@pytest.mark.parametrize("name", CELLS)
def test_gradient_through_chunks_remainder_and_resets_is_the_gradient(
    name, monkeypatch
):
    # No cache: 19 steps are two chunks of 8 and a remainder of 3.
    monkeypatch.setattr(chunk, "_CACHED_NUMBERS", 0)
    cell, num_gates, num_states = CELLS[name]
    T, G = 19, num_gates * H
    shapes = ((T, B, D), (D, G), (H, G), (G,))
    state = tuple(draw((B, H), 10 + i) for i in range(num_states))
    point = (*(draw(shape, i) for i, shape in enumerate(shapes)), state)
    reset = jnp.zeros((T, B), bool).at[jnp.array([0, 5, 6, 17]), 1].set(True)

    custom, plain = both_ways(cell, point, reset)

    # Both sum T float32 terms, in another order.
    for a, b in zip(jax.tree.leaves(custom), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_chunks_divide_the_sequence_where_a_divisor_is_near():
    row = chunk._CACHED_NUMBERS // 16
    assert chunk.chunk_size(12, row) == 12
    assert chunk.chunk_size(64, row) == 16
    assert chunk.chunk_size(60, row) == 15
    assert chunk.chunk_size(97, row) == 16


def test_chunks_are_a_whole_sequence_on_an_accelerator(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert chunk.chunk_size(4096, 2**20) == 4096
