"""The recurrence of the gated recurrent unit, gates in the order r, z, n.

    r_t = sigmoid(a_r + u_r)          reset gate
    z_t = sigmoid(a_z + u_z)          update gate
    n_t = tanh(a_n + r_t * u_n)       candidate
    h_t = z_t * h_{t-1} + (1 - z_t) * n_t

with a_t = x_t U + b and u_t = h_{t-1} W, each [B, 3H]. The cell takes r and z at half
size (`gru_scale`), because sigmoid(x) = (1 + tanh(x / 2)) / 2 makes one tanh of both.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lib.ops.cell import Cell, Gate, Gates, Parts, State


def gru_scale(hidden_size: int) -> Float[np.ndarray, " G"]:
    """What U, W and b are multiplied by before the cell reads them."""
    return np.repeat(np.array([0.5, 0.5, 1.0], np.float32), hidden_size)


def _step(a: Gates, u: Gates, before: State) -> State:
    size = a.shape[-1] // 3
    both = 0.5 * jnp.tanh(a[..., : 2 * size] + u[..., : 2 * size]) + 0.5
    r, z = both[..., :size], both[..., size:]
    n = jnp.tanh(a[..., 2 * size :] + r * u[..., 2 * size :])
    return (n + z * (before[0] - n),)


def _forward(gates: tuple[Gate, ...], before: State) -> tuple[State, Parts]:
    r, z = (0.5 * jnp.tanh(gate) + 0.5 for gate in gates[:2])
    a_n, u_n = gates[2]
    n = jnp.tanh(a_n + r * u_n)
    slope_n = (1 - z) * (1 - n * n)
    slopes = (
        # 2 r (1 - r): the derivative of the sigmoid by half of its input
        slope_n * u_n * (2 * r * (1 - r)),
        (before[0] - n) * (2 * z * (1 - z)),
        slope_n,
        r,
        z,
    )
    return (n + z * (before[0] - n),), slopes


def _backward(dstate: State, slopes: Parts, h: Array) -> tuple[Parts, Parts, State]:
    slope_r, slope_z, slope_n, r, z = slopes
    dh = dstate[0]
    da_r, da_z, da_n = dh * slope_r, dh * slope_z, dh * slope_n
    return (da_r, da_z, da_n), (da_r, da_z, da_n * r), (dh * z,)


gru_cell = Cell((False, False, True), _step, _forward, _backward)
