"""The recurrence of the long short-term memory, gates in the order i, f, g, o.

    i_t, f_t, o_t = sigmoid(z_i + u_i), sigmoid(z_f + u_f), sigmoid(z_o + u_o)
    g_t = tanh(z_g + u_g)
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t)

with z_t = x_t U + b and u_t = h_{t-1} W, each [B, 4H]; the state is (h, c). The cell
takes i, f and o at half size (`lstm_scale`), because sigmoid(x) = (1 + tanh(x / 2)) / 2
makes one tanh of all four.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lib.ops.cell import Cell, Gate, Gates, Parts, State


def lstm_scale(hidden_size: int) -> Float[np.ndarray, " G"]:
    """What U, W and b are multiplied by before the cell reads them."""
    return np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), hidden_size)


def _step(z: Gates, u: Gates, before: State) -> State:
    return _next(jnp.split(jnp.tanh(z + u), 4, axis=-1), before)[0]


def _next(tanhs: list[Array], before: State) -> tuple[State, Array]:
    i, f, g, o = tanhs
    c = 0.5 * ((1 + f) * before[1] + (1 + i) * g)
    tanh_c = jnp.tanh(c)
    return (0.5 * (1 + o) * tanh_c, c), tanh_c


def _forward(gates: tuple[Gate, ...], before: State) -> tuple[State, Parts]:
    i, f, g, o = tanhs = [jnp.tanh(gate) for gate in gates]
    after, tanh_c = _next(tanhs, before)
    slopes = (
        0.5 * (1 - i * i) * g,
        0.5 * (1 - f * f) * before[1],
        0.5 * (1 - g * g) * (1 + i),
        0.5 * (1 - o * o) * tanh_c,
        0.5 * (1 + o) * (1 - tanh_c * tanh_c),
        0.5 * (1 + f),
    )
    return after, slopes


def _backward(dstate: State, slopes: Parts, h: Array) -> tuple[Parts, Parts, State]:
    i, f, g, o, c, carried = slopes
    dh = dstate[0]
    dc = dstate[1] + dh * c
    dz = (dc * i, dc * f, dc * g, dh * o)
    return dz, dz, (jnp.zeros_like(dh), dc * carried)


lstm_cell = Cell((False,) * 4, _step, _forward, _backward)
