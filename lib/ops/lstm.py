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

from lib.ops.recurrence import Cell, Gates, State


def lstm_scale(hidden_size: int) -> Float[np.ndarray, " G"]:
    """What U, W and b are multiplied by before the cell reads them."""
    return np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), hidden_size)


def _step(z: Gates, u: Gates, state: State) -> State:
    i, f, g, o = jnp.split(jnp.tanh(z + u), 4, axis=-1)
    c = 0.5 * ((1 + f) * state[1] + (1 + i) * g)
    return 0.5 * (1 + o) * jnp.tanh(c), c


def _slopes(z: Gates, u: Gates, before: State, after: State) -> tuple[Array, ...]:
    a = jnp.tanh(z + u)
    i, f, g, o = jnp.split(a, 4, axis=-1)
    tanh_c = jnp.tanh(after[1])
    dz = 0.5 * (1 - a * a) * jnp.concatenate([g, before[1], 1 + i, tanh_c], axis=-1)
    return dz, 0.5 * (1 + o) * (1 - tanh_c * tanh_c), 0.5 * (1 + f)


def _backward(dstate: State, slopes: tuple[Array, ...]) -> tuple[Gates, State]:
    slope_z, slope_c, f = slopes
    dh = dstate[0]
    dc = dstate[1] + dh * slope_c
    dz = jnp.concatenate([dc, dc, dc, dh], axis=-1) * slope_z
    return dz, (jnp.zeros_like(dh), dc * f)


lstm_cell = Cell(_step, _slopes, _backward, lambda dz, slopes: dz)
