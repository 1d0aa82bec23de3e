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

from lib.ops.recurrence import Cell, Gates, State


def gru_scale(hidden_size: int) -> Float[np.ndarray, " G"]:
    """What U, W and b are multiplied by before the cell reads them."""
    return np.repeat(np.array([0.5, 0.5, 1.0], np.float32), hidden_size)


def _gates(a: Gates, u: Gates) -> tuple[Array, Array, Array]:
    size = a.shape[-1] // 3
    both = 0.5 * jnp.tanh(a[..., : 2 * size] + u[..., : 2 * size]) + 0.5
    r, z = both[..., :size], both[..., size:]
    n = jnp.tanh(a[..., 2 * size :] + r * u[..., 2 * size :])
    return r, z, n


def _step(a: Gates, u: Gates, state: State) -> State:
    _, z, n = _gates(a, u)
    return (n + z * (state[0] - n),)


def _slopes(a: Gates, u: Gates, before: State, after: State) -> tuple[Array, ...]:
    r, z, n = _gates(a, u)
    da_n = (1 - z) * (1 - n * n)
    # 2 r (1 - r): the derivative of the sigmoid with respect to half of its input
    da_r = da_n * u[..., 2 * r.shape[-1] :] * (2 * r * (1 - r))
    da_z = (before[0] - n) * (2 * z * (1 - z))
    return jnp.concatenate([da_r, da_z, da_n], axis=-1), z, r


def _backward(dstate: State, slopes: tuple[Array, ...]) -> tuple[Gates, State]:
    da, z, _ = slopes
    dh = dstate[0]
    return jnp.concatenate([dh, dh, dh], axis=-1) * da, (dh * z,)


def _through(da: Gates, slopes: tuple[Array, ...]) -> Gates:
    r = slopes[2]
    size = r.shape[-1]
    return jnp.concatenate([da[..., : 2 * size], da[..., 2 * size :] * r], axis=-1)


gru_cell = Cell(_step, _slopes, _backward, _through)
