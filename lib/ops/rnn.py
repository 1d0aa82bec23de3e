"""The recurrence of Elman: h_t = f(z_t + h_{t-1} W), z_t = x_t U + b; tanh or relu."""

import jax
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


def _relu_step(z: Gates, u: Gates, before: State) -> State:
    return (jax.nn.relu(z + u),)


def _relu_forward(gates: tuple[Gate, ...], before: State) -> tuple[State, Parts]:
    return (jax.nn.relu(gates[0]),), ()


def _relu_backward(
    dstate: State, slopes: Parts, h: Array
) -> tuple[Parts, Parts, State]:
    dz = (jnp.where(h > 0, dstate[0], jnp.zeros_like(h)),)
    return dz, dz, (jnp.zeros_like(h),)


relu_cell = Cell((False,), _relu_step, _relu_forward, _relu_backward)
