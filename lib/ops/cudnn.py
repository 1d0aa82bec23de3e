"""The LSTM of NVIDIA's cuDNN through `jax.experimental.rnn`: float32 on a GPU.

It has no resets, its gates are in the order i, f, g, o as ours, and of its two biases
the second is zero here. Mapped runs go one after the other: cuDNN has no axis of runs.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import sequential_vmap
from jax.experimental import rnn
from jaxtyping import Array, Float

State = tuple[Float[Array, "B H"], Float[Array, "B H"]]


def cudnn_lstm(
    x: Float[Array, "T B D"],
    U: Float[Array, "D G"],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    precision: lax.Precision,
) -> tuple[State, Float[Array, "T B H"]]:
    """The last state and all h. U, W and b are not scaled; `precision` HIGHEST is
    float32, HIGH lets products be of TF32."""
    h, c = (s[None] for s in state)
    x = jnp.swapaxes(x, 0, 1)
    after: Any = _lstm(precision, x, h, c, pack(U, W, b))
    y, h, c = after
    return (h[0], c[0]), jnp.swapaxes(y, 0, 1)


def pack(
    U: Float[Array, "D G"], W: Float[Array, "H G"], b: Float[Array, " G"]
) -> Float[Array, " P"]:
    """One layer's weights in cuDNN's order, flat."""
    return jnp.concatenate([U.T.ravel(), W.T.ravel(), b, jnp.zeros_like(b)])


def _settings(x: Array, h: Array) -> tuple[int, int, int, float, bool]:
    """Input size, hidden size, layers, dropout, both directions."""
    return x.shape[2], h.shape[2], 1, 0.0, False


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _lstm(
    precision: lax.Precision, x: Array, h: Array, c: Array, weights: Array
) -> tuple[Array, Array, Array]:
    return _forward(precision, x, h, c, weights)[0]


def _forward(
    precision: lax.Precision, x: Array, h: Array, c: Array, weights: Array
) -> tuple[tuple[Array, Array, Array], Any]:
    lengths = jnp.full(x.shape[0], x.shape[1], jnp.int32)

    @sequential_vmap
    def run(x: Array, h: Array, c: Array, weights: Array, lengths: Array) -> Any:
        settings = _settings(x, h)
        return rnn.lstm_fwd(x, h, c, weights, lengths, *settings, precision)

    return run(x, h, c, weights, lengths)


def _backward(
    precision: lax.Precision, saved: Any, gradient: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array, Array]:
    @sequential_vmap
    def run(saved: Any, gradient: Any) -> Any:
        settings = _settings(saved[0], saved[1])
        return rnn.lstm_bwd(*settings, precision, saved, gradient)[:4]

    return run(saved, gradient)


_lstm.defvjp(_forward, _backward)
