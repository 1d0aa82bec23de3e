"""The recurrence of Elman: h_t = tanh(z_t + h_{t-1} W), z_t = x_t U + b."""

import jax.numpy as jnp
from jaxtyping import Array

from lib.ops.recurrence import Cell, Gates, State


def _step(z: Gates, u: Gates, state: State) -> State:
    return (jnp.tanh(z + u),)


def _slopes(z: Gates, u: Gates, before: State, after: State) -> Array:
    return 1 - after[0] * after[0]


def _backward(dstate: State, slope: Array) -> tuple[Gates, State]:
    return dstate[0] * slope, (jnp.zeros_like(dstate[0]),)


rnn_cell = Cell(_step, _slopes, _backward, lambda dz, slopes: dz)
