"""The cells of lib.ops.rnn, gru and lstm gate by gate, as the kernels read them.

A kernel's registers can be added and multiplied, but neither cut nor joined, so that a
step takes its gates as a tuple of arrays of one shape. z, u and the weights are scaled
as those modules say: one tanh a gate.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

Parts = tuple[Array, ...]


class GateCell(NamedTuple):
    """One step of a recurrence and its derivatives over arrays of one shape.

    `step(z, u, state)` is the next state, h first. `slopes(z, u, before, after)` is
    what of the derivatives does not depend on the gradient. `backward(dstate, slopes)`
    returns dz and the gradient of the state before without the part through u, of which
    `through(dz, slopes)` is the gradient.
    """

    num_gates: int
    num_states: int
    step: Callable[[Parts, Parts, Parts], Parts]
    slopes: Callable[[Parts, Parts, Parts, Parts], Parts]
    backward: Callable[[Parts, Parts], tuple[Parts, Parts]]
    through: Callable[[Parts, Parts], Parts] = lambda dz, slopes: dz


def _rnn_step(z: Parts, u: Parts, state: Parts) -> Parts:
    return (jnp.tanh(z[0] + u[0]),)


def _rnn_slopes(z: Parts, u: Parts, before: Parts, after: Parts) -> Parts:
    return (1 - after[0] * after[0],)


def _rnn_backward(dstate: Parts, slopes: Parts) -> tuple[Parts, Parts]:
    return (dstate[0] * slopes[0],), (jnp.zeros_like(dstate[0]),)


def _gru_gates(z: Parts, u: Parts) -> Parts:
    r = 0.5 * jnp.tanh(z[0] + u[0]) + 0.5
    update = 0.5 * jnp.tanh(z[1] + u[1]) + 0.5
    return r, update, jnp.tanh(z[2] + r * u[2])


def _gru_step(z: Parts, u: Parts, state: Parts) -> Parts:
    _, update, n = _gru_gates(z, u)
    return (n + update * (state[0] - n),)


def _gru_slopes(z: Parts, u: Parts, before: Parts, after: Parts) -> Parts:
    r, update, n = _gru_gates(z, u)
    dn = (1 - update) * (1 - n * n)
    # 2 r (1 - r): the derivative of the sigmoid with respect to half of its input
    dr = dn * u[2] * (2 * r * (1 - r))
    dupdate = (before[0] - n) * (2 * update * (1 - update))
    return dr, dupdate, dn, update, r


def _gru_backward(dstate: Parts, slopes: Parts) -> tuple[Parts, Parts]:
    dr, dupdate, dn, update, _ = slopes
    dh = dstate[0]
    return (dh * dr, dh * dupdate, dh * dn), (dh * update,)


def _gru_through(dz: Parts, slopes: Parts) -> Parts:
    return dz[0], dz[1], dz[2] * slopes[4]


def _lstm_step(z: Parts, u: Parts, state: Parts) -> Parts:
    i, f, g, o = (jnp.tanh(a + b) for a, b in zip(z, u, strict=True))
    c = 0.5 * ((1 + f) * state[1] + (1 + i) * g)
    return 0.5 * (1 + o) * jnp.tanh(c), c


def _lstm_slopes(z: Parts, u: Parts, before: Parts, after: Parts) -> Parts:
    i, f, g, o = (jnp.tanh(a + b) for a, b in zip(z, u, strict=True))
    tanh_c = jnp.tanh(after[1])
    half = tuple(0.5 * (1 - a * a) for a in (i, f, g, o))
    dz = (half[0] * g, half[1] * before[1], half[2] * (1 + i), half[3] * tanh_c)
    return *dz, 0.5 * (1 + o) * (1 - tanh_c * tanh_c), 0.5 * (1 + f)


def _lstm_backward(dstate: Parts, slopes: Parts) -> tuple[Parts, Parts]:
    *slope_z, slope_c, f = slopes
    dh = dstate[0]
    dc = dstate[1] + dh * slope_c
    dz = tuple(d * s for d, s in zip((dc, dc, dc, dh), slope_z, strict=True))
    return dz, (jnp.zeros_like(dh), dc * f)


GATE_CELLS = {
    "rnn": GateCell(1, 1, _rnn_step, _rnn_slopes, _rnn_backward),
    "gru": GateCell(3, 1, _gru_step, _gru_slopes, _gru_backward, _gru_through),
    "lstm": GateCell(4, 2, _lstm_step, _lstm_slopes, _lstm_backward),
}
