"""Nonlinear recurrences over a sequence, with a gradient made for long loops.

A cell reads z_t = x_t U + b and u_t = h_{t-1} W and makes the next state, a tuple whose
first member is h. Vectors are rows and time is the first axis: x [T, B, D].

The gradient keeps only the states. Per chunk it recomputes z and u with one product
each, works out every elementwise derivative for all steps at once, and leaves to the
backward loop one product with W a step; weight gradients are one product a chunk. Plain
differentiation of `lax.scan` does all of that once a step.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, PyTree

from lib.ops.chunk import chunk_size, restart, scan_chunks, scan_with_resets
from lib.ops.linear import bias_gradient, project, weight_gradient

State = tuple[Float[Array, "... B H"], ...]
Gates = Float[Array, "... B G"]


class Cell(NamedTuple):
    """One step of a recurrence and its derivatives, all elementwise.

    `slopes(z, u, before, after)` returns whatever of a step's derivatives does not
    depend on the gradient that comes back, for all steps of a chunk at once.
    `backward(dstate, slopes)` returns (dz, dstate before, without the part through u).
    `through(dz, slopes)` is the gradient with respect to u.
    """

    step: Callable[[Gates, Gates, State], State]
    slopes: Callable[[Gates, Gates, State, State], PyTree]
    backward: Callable[[State, PyTree], tuple[Gates, State]]
    through: Callable[[Gates, PyTree], Gates]


def recurrence(
    cell: Cell,
    x: Float[Array, "T B D"],
    U: Float[Array, "D G"],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[State, Float[Array, "T B H"]]:
    """The last state and all h of a cell run over x; zeros before a step with reset."""
    num_steps, batch_size, _ = x.shape
    size = chunk_size(num_steps, batch_size * U.shape[1])
    rest = num_steps - num_steps % size
    state, h = _chunked(cell, size, x[:rest], U, W, b, state, _cut(reset, 0, rest))
    if rest == num_steps:
        return state, h
    end = _cut(reset, rest, num_steps)
    state, tail = _chunked(cell, num_steps - rest, x[rest:], U, W, b, state, end)
    return state, jnp.concatenate([h, tail])


def plain_recurrence(
    cell: Cell,
    x: Float[Array, "T B D"],
    U: Float[Array, "D G"],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[State, Float[Array, "T B H"]]:
    """What `recurrence` computes, differentiated by JAX: the reference for it."""

    def step(state: State, z: Gates) -> tuple[State, Array]:
        state = cell.step(z, state[0] @ W, state)
        return state, state[0]

    zeros = jax.tree.map(jnp.zeros_like, state)
    return scan_with_resets(step, zeros, state, project(x, U, b), reset)


def _cut(reset: Array | None, first: int, last: int) -> Array | None:
    return None if reset is None else reset[first:last]


def _run(
    cell: Cell,
    size: int,
    x: Array,
    U: Array,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[State, Array]:
    return _forward(cell, size, x, U, W, b, state, reset)[0]


def _forward(
    cell: Cell,
    size: int,
    x: Array,
    U: Array,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[tuple[State, Array], PyTree]:
    def step(state: State, z: Gates) -> tuple[State, State]:
        state = cell.step(z, state[0] @ W, state)
        return state, state

    def chunk(state: State, xs: PyTree) -> tuple[State, State]:
        x, reset = xs
        zeros = jax.tree.map(jnp.zeros_like, state)
        return scan_with_resets(step, zeros, state, project(x, U, b), reset)

    last, states = scan_chunks(chunk, state, (x, reset), size)
    return (last, states[0]), (x, U, W, b, state, states, reset)


def _backward(cell: Cell, size: int, saved: PyTree, gradient: PyTree) -> PyTree:
    x, U, W, b, state, states, reset = saved
    dlast, dh = gradient
    before = jax.tree.map(lambda s, all: _shift(s, all, reset), state, states)
    W_back = W.T

    def step(dstate: State, xs: PyTree) -> tuple[State, Gates]:
        dh, slopes, reset = xs
        dz, dbefore = cell.backward((dstate[0] + dh, *dstate[1:]), slopes)
        dbefore = (dbefore[0] + cell.through(dz, slopes) @ W_back, *dbefore[1:])
        if reset is not None:
            dbefore = restart(reset, jax.tree.map(jnp.zeros_like, dbefore), dbefore)
        return dbefore, dz

    def chunk(carry: PyTree, xs: PyTree) -> tuple[PyTree, Array]:
        dstate, sums = carry
        x, before, states, dh, reset = xs
        slopes = cell.slopes(project(x, U, b), project(before[0], W), before, states)
        dstate, dz = lax.scan(step, dstate, (dh, slopes, reset), reverse=True)
        dW = weight_gradient(before[0], cell.through(dz, slopes))
        new = (weight_gradient(x, dz), dW, bias_gradient(dz))
        sums = new if sums is None else jax.tree.map(jnp.add, sums, new)
        return (dstate, sums), project(dz, U.T)

    sums = None if size == len(x) else jax.tree.map(jnp.zeros_like, (U, W, b))
    xs = (x, before, states, dh, reset)
    (dstate, (dU, dW, db)), dx = scan_chunks(chunk, (dlast, sums), xs, size, True)
    return dx, dU, dW, db, dstate, None


def _shift(first: Array, states: Array, reset: Array | None) -> Array:
    """The state that every step starts from [T, B, H]."""
    before = jnp.concatenate([first[None], states[:-1]])
    if reset is None:
        return before
    return jnp.where(reset[:, :, None], jnp.zeros_like(before), before)


_chunked = jax.custom_vjp(_run, nondiff_argnums=(0, 1))
_chunked.defvjp(_forward, _backward)
