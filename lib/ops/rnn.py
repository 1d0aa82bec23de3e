"""The recurrence of Elman: h_t = tanh(z_t + h_{t-1} W), z_t = x_t U + b."""

import jax.numpy as jnp
from jaxtyping import Array

from lib.ops.cell import Cell, Gate, Gates, Parts, State


def _step(z: Gates, u: Gates, before: State) -> State:
    return (jnp.tanh(z + u),)


def _forward(gates: tuple[Gate, ...], before: State) -> tuple[State, Parts]:
    return (jnp.tanh(gates[0]),), ()


def _backward(dstate: State, slopes: Parts, h: Array) -> tuple[Parts, Parts, State]:
    dz = (dstate[0] * (1 - h * h),)
    return dz, dz, (jnp.zeros_like(h),)


rnn_cell = Cell((False,), _step, _forward, _backward)
