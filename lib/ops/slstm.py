"""The recurrence of the sLSTM, gates in the order i, f, z, o.

    c_t = f_t * c_{t-1} + i_t * tanh(a_z)        i_t = exp(a_i), f_t = sigmoid(a_f)
    n_t = f_t * n_{t-1} + i_t
    h_t = sigmoid(a_o) * c_t / n_t

with a_t = x_t U + b + h_{t-1} W (Beck et al. 2024, arXiv:2405.04517, equations 8 to 18;
of the forget gate's two forms the sigmoid). The state is (h, c, n, m): of c and n what
is kept is e^-m of them, m_t = max(log f_t + m_{t-1}, a_i), and a_i where n is 0 as
nothing is in memory yet. So n is 1 or more and no gate overflows. h is the same for
every m: no derivative goes through it but that of the first one, which says how large
the first c is.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from lib.ops.cell import Cell, Gate, Gates, Parts, State


def _step(z: Gates, u: Gates, before: State) -> State:
    return _forward(tuple(jnp.split(z + u, 4, axis=-1)), before)[0]


def _forward(gates: tuple[Gate, ...], before: State) -> tuple[State, Parts]:
    a_i, a_f, a_z, a_o = gates
    _, c, n, m = before
    kept = m - jax.nn.softplus(-a_f)
    largest = jnp.where(n == 0, a_i, jnp.maximum(kept, a_i))
    i, f = jnp.exp(a_i - largest), jnp.exp(jnp.minimum(kept - largest, 0.0))
    z, o = jnp.tanh(a_z), jax.nn.sigmoid(a_o)
    from_c, from_n = f * c, f * n
    c, n = from_c + i * z, from_n + i
    share = o / n
    h = share * c
    slopes = (
        i,
        i * z,
        i * (1 - z * z),
        from_c,
        from_n,
        jax.nn.sigmoid(-a_f),
        h * (1 - o),
        share,
        h / n,
        f,
    )
    return (h, c, n, largest), slopes


def _backward(dstate: State, slopes: Parts, h: Array) -> tuple[Parts, Parts, State]:
    i, i_z, slope_z, from_c, from_n, slope_f, slope_o, share, h_n, f = slopes
    dh = dstate[0]
    dc, dn = dstate[1] + dh * share, dstate[2] - dh * h_n
    dkept = dc * from_c + dn * from_n
    dz = (dc * i_z + dn * i, dkept * slope_f, dc * slope_z, dh * slope_o)
    return dz, dz, (jnp.zeros_like(dh), dc * f, dn * f, dkept)


slstm_cell = Cell((False,) * 4, _step, _forward, _backward)
