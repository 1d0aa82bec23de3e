"""The gradient of a recurrence that leaves one product a step to each of its loops.

All input products are one product before the loop forward. Only the states are kept:
the backward pass recomputes z and u with a product each, works out every elementwise
derivative for all steps at once, and leaves to its loop one product with W a step;
each weight's gradient is one product. For accelerators, where a small operation costs
as much as a large one.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, PyTree

from lib.ops.cell import Cell, Gates, Parts, State, split_gates
from lib.ops.chunk import restart, scan_with_resets
from lib.ops.linear import (
    Inputs,
    bias_gradient,
    project,
    project_each,
    project_each_gradients,
    weight_gradient,
)


def _run(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[State, Array]:
    return _forward(cell, x, U, W, b, state, reset)[0]


def _forward(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[tuple[State, Array], PyTree]:
    def step(state: State, z: Gates) -> tuple[State, State]:
        state = cell.step(z, state[0] @ W, state)
        return state, state

    zeros = jax.tree.map(jnp.zeros_like, state)
    last, states = scan_with_resets(step, zeros, state, project_each(x, U, b), reset)
    return (last, states[0]), (x, U, W, b, state, states, reset)


def _backward(cell: Cell, saved: PyTree, gradient: PyTree) -> PyTree:
    x, U, W, b, state, states, reset = saved
    dlast, dh = gradient
    before = jax.tree.map(lambda s, all: _shift(s, all, reset), state, states)
    W_back = W.T

    def step(dstate: State, xs: PyTree) -> tuple[State, PyTree]:
        dh, slopes, h, reset = xs
        dstate = (dstate[0] + dh, *dstate[1:])
        dz, du, dbefore = cell.backward(dstate, slopes, h)
        dz, du = jnp.concatenate(dz, -1), jnp.concatenate(du, -1)
        dbefore = (dbefore[0] + du @ W_back, *dbefore[1:])
        if reset is not None:
            dbefore = restart(reset, jax.tree.map(jnp.zeros_like, dbefore), dbefore)
        return dbefore, (dz, du) if any(cell.apart) else (dz, None)

    gates = split_gates(cell, project_each(x, U, b), project(before[0], W))
    slopes: Parts = cell.forward(gates, before)[1]
    xs = (dh, slopes, states[0], reset)
    dstate, (dz, du) = lax.scan(step, dlast, xs, reverse=True)
    dW = weight_gradient(before[0], dz if du is None else du)
    dx, dU = project_each_gradients(x, U, dz)
    return dx, dU, dW, bias_gradient(dz), dstate, None


def _shift(first: Array, states: Array, reset: Array | None) -> Array:
    """The state that every step starts from [T, B, H]."""
    before = jnp.concatenate([first[None], states[:-1]])
    if reset is None:
        return before
    return jnp.where(reset[:, :, None], jnp.zeros_like(before), before)


hoisted = jax.custom_vjp(_run, nondiff_argnums=(0,))
hoisted.defvjp(_forward, _backward)
