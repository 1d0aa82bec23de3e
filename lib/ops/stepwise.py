"""The gradient of a recurrence on a CPU: every derivative is saved as it is found.

What XLA does fast on a CPU shapes it (one thread, B = 32, H = 128, microseconds a
step; the products of an LSTM take 163):

- Each gate has its own product [h, x] @ [W; U], so that all that is elementwise works
  on arrays of one flat axis [B * H]. Of two axes it takes two to three times as long
  (four arrays kept: 10.6, flat 5.1; four put together: 6.5, 2.0).
- A product with [h, x] joined costs less than products with x for many steps at once,
  whose results must be written and read.
- The derivatives are worked out where all they depend on is in the cache, in the loop
  forward: 33 fewer than from gates kept, and a third of the products fewer than from
  states.
- Weight gradients are one product for `_STEPS` steps: one a step adds 25. Of 32 or 64
  steps they are no faster; nor are two steps a turn of the loop (`unroll`).
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.ops.cell import Cell, Gate, Parts, State
from lib.ops.linear import (
    Inputs,
    bias_gradient,
    project_each_gradients,
    weight_gradient,
)

_STEPS = 16


def _run(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[State, Array]:
    return _scan(cell, x, U, W, b, state, reset, keep=False)[:2]


def _forward(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[tuple[State, Array], PyTree]:
    last, h, slopes = _scan(cell, x, U, W, b, state, reset, keep=True)
    return (last, h), (x, U, W, state[0], h, slopes, reset)


def _scan(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
    keep: bool,
) -> tuple[State, Array, Parts]:
    shape = state[0].shape
    read = _reader(cell, U, W, b, shape)

    def step(before: State, xs: PyTree) -> tuple[State, tuple[Array, Parts]]:
        x, reset = xs
        before = _clear(reset, before, shape)
        after, slopes = cell.forward(read(before[0], x), before)
        return after, (after[0], slopes if keep else ())

    last, (h, slopes) = lax.scan(step, _flat(state), (x, reset))
    return _unflat(last, shape), h.reshape(len(h), *shape), slopes


def _reader(cell: Cell, U: Inputs, W: Array, b: Array, shape: tuple[int, ...]):
    """What the gates read of a state and an input."""
    count, inputs = len(cell.apart), U if isinstance(U, tuple) else (U,)
    U = [part for U in inputs for part in jnp.split(U, count // len(inputs), axis=-1)]
    which = [place * len(inputs) // count for place in range(count)]
    blocks = zip(U, *(jnp.split(a, count, axis=-1) for a in (W, b)), strict=True)
    flat = lambda b: jnp.broadcast_to(b[None, :], shape).reshape(-1)
    weights = [(U, W, jnp.concatenate([W, U]), flat(b)) for U, W, b in blocks]

    def read(h: Float[Array, " N"], x: Inputs) -> tuple[Gate, ...]:
        h, x = h.reshape(shape), x if isinstance(x, tuple) else (x,)
        both = [jnp.concatenate([h, x], axis=1) for x in x]
        return tuple(
            ((x[i] @ U).reshape(-1) + b, (h @ W).reshape(-1))
            if apart
            else (both[i] @ WU).reshape(-1) + b
            for (U, W, WU, b), i, apart in zip(weights, which, cell.apart, strict=True)
        )

    return read


def _backward(cell: Cell, saved: PyTree, gradient: PyTree) -> PyTree:
    x, U, W, first, h, slopes, reset = saved
    dlast, dh = gradient
    num_steps, shape = len(h), first.shape
    flat_h, flat_dh = h.reshape(num_steps, -1), dh.reshape(num_steps, -1)
    W_back = W.T
    buffers = jnp.zeros((2 if any(cell.apart) else 1, shape[0], W.shape[1]), h.dtype)

    def step(carry: PyTree, t: Int[Array, ""]) -> tuple[PyTree, PyTree]:
        dstate, buffers = carry
        at = lambda tree: jax.tree.map(
            lambda a: lax.dynamic_index_in_dim(a, t, 0, False), tree
        )
        dstate = (dstate[0] + at(flat_dh), *dstate[1:])
        dz, du, dbefore = cell.backward(dstate, at(slopes), at(flat_h))
        buffers = (
            _pack(dz, buffers[0], shape),
            *(_pack(du, buffer, shape) for buffer in buffers[1:]),
        )
        dbefore = (dbefore[0] + (buffers[-1] @ W_back).reshape(-1), *dbefore[1:])
        if reset is not None:
            dbefore = _clear(at(reset), dbefore, shape)
        return (dbefore, buffers), buffers

    def chunk(carry: PyTree, start: Int[Array, ""], size: int) -> tuple[PyTree, Inputs]:
        inner, sums = carry
        inner, dgates = lax.scan(step, inner, start + jnp.arange(size), reverse=True)
        cut = lambda a: lax.dynamic_slice_in_dim(a, start, size)
        before = cut(h)[:-1]
        ahead = lax.dynamic_index_in_dim(h, jnp.maximum(start - 1, 0))
        ahead = jnp.where(start == 0, first[None], ahead)
        before = jnp.concatenate([ahead, before])
        if reset is not None:
            before = jnp.where(cut(reset)[:, :, None], jnp.zeros_like(before), before)
        dz, du = dgates[0], dgates[-1]
        dx, dU = project_each_gradients(jax.tree.map(cut, x), U, dz)
        new = dU, weight_gradient(before, du), bias_gradient(dz)
        return (inner, jax.tree.map(jnp.add, sums, new)), dx

    size = min(_STEPS, num_steps)
    rest = num_steps % size
    sums = jax.tree.map(jnp.zeros_like, (U, W, W[0]))
    carry = (_flat(dlast), tuple(buffers)), sums
    dx_rest = []
    if rest:
        carry, end = chunk(carry, jnp.int32(num_steps - rest), rest)
        dx_rest = [end]
    starts = jnp.arange(0, num_steps - rest, size)
    carry, dx = lax.scan(lambda c, s: chunk(c, s, size), carry, starts, reverse=True)
    join = lambda dx, *rest: jnp.concatenate([dx.reshape(-1, *dx.shape[2:]), *rest])
    dx = jax.tree.map(join, dx, *dx_rest)
    (dstate, _), (dU, dW, db) = carry
    return dx, dU, dW, db, _unflat(dstate, shape), None


def _pack(parts: Parts, buffer: Array, shape: tuple[int, ...]) -> Array:
    """The gates side by side [B, G], written into an array that is there."""
    if len(parts) == 1:
        return parts[0].reshape(shape)
    for index, part in enumerate(parts):
        place = (0, index * shape[1])
        buffer = lax.dynamic_update_slice(buffer, part.reshape(shape), place)
    return buffer


def _clear(reset: Array | None, state: State, shape: tuple[int, ...]) -> State:
    """The state, zero in the examples where `reset` [B] is true."""
    if reset is None:
        return state
    mask = jnp.broadcast_to(reset[:, None], shape).reshape(-1)
    return jax.tree.map(lambda s: jnp.where(mask, jnp.zeros_like(s), s), state)


def _flat(state: State) -> State:
    return jax.tree.map(lambda s: s.reshape(-1), state)


def _unflat(state: State, shape: tuple[int, ...]) -> State:
    return jax.tree.map(lambda s: s.reshape(shape), state)


stepwise = jax.custom_vjp(_run, nondiff_argnums=(0,))
stepwise.defvjp(_forward, _backward)
