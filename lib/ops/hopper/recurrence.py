"""`lib.ops.recurrence` by the persistent kernels: values, gradients, mapped runs.

The custom gradient is that of lib.ops.recurrence: the forward kernel keeps the states,
products over all steps give every elementwise derivative at once, the backward kernel
runs the loop that is left, and weight gradients are one product each. Under `vmap` the
runs become programs side by side, each with its own weights in its own multiprocessor.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float

from lib.ops.hopper import persistent
from lib.ops.hopper.gate import GATE_CELLS, GateCell, Parts

State = tuple[Float[Array, "B H"], ...]


def persistent_recurrence(
    name: str,
    x: Float[Array, "T B D"],
    U: Float[Array, "D G"],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    reset: Bool[Array, "T B"] | None = None,
    interpret: Any = None,
) -> tuple[State, Float[Array, "T B H"]]:
    """The last state and all h of a cell by name, U, W and b scaled as it reads them.

    Products have bfloat16 operands: values and gradients are right to 1e-2. `interpret`
    are the parameters of Pallas's interpret mode, for tests on a CPU; None: a GPU.
    """
    cell, B, H = GATE_CELLS[name], x.shape[1], W.shape[0]
    tile = persistent.tile_size(cell, H, B)
    if not tile:
        raise ValueError(
            f"{name}: W of hidden size {H} does not fit one multiprocessor"
        )
    rows, examples = persistent.padded(H) - H, -B % tile
    G = cell.num_gates
    gates = lambda w: w.reshape(*w.shape[:-1], G, H)
    pad = lambda v, *widths: jnp.pad(v, [(0, w) for w in widths])
    x = pad(x, 0, examples, 0)
    U, b = pad(gates(U), 0, 0, rows), pad(gates(b), 0, rows)
    W = pad(gates(W), rows, 0, rows)
    columns = tuple(pad(s, examples, rows).T for s in state)
    keep = None
    if reset is not None:
        keep = 1 - pad(reset, 1, examples).astype(x.dtype)  # [T + 1, B]
    all_states: Any = _run(cell, tile, interpret, x, U, W, b, columns, keep)
    back = lambda s: jnp.swapaxes(s, -1, -2)[..., :B, :H]
    return tuple(back(s[-1]) for s in all_states), back(all_states[0])


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _run(
    cell: GateCell,
    tile: int,
    interpret: Any,
    x: Float[Array, "T B D"],
    U: Float[Array, "D G H"],
    W: Float[Array, "H G H"],
    b: Float[Array, "G H"],
    state: Parts,
    keep: Float[Array, "S B"] | None,
) -> Parts:
    return _forward(cell, tile, interpret, x, U, W, b, state, keep)[0]


def _forward(
    cell: GateCell,
    tile: int,
    interpret: Any,
    x: Array,
    U: Array,
    W: Array,
    b: Array,
    state: Parts,
    keep: Array | None,
) -> tuple[Parts, Any]:
    w = jnp.transpose(W, (1, 2, 0)).astype(jnp.bfloat16)
    loop = _over_runs(functools.partial(persistent.forward, cell, tile, interpret))
    states = loop(_inputs(x, U, b), w, _rows(keep), *state)
    return states, (x, U, W, b, state, keep, states)


def _backward(
    cell: GateCell, tile: int, interpret: Any, saved: Any, gradient: Parts
) -> tuple[Any, ...]:
    x, U, W, b, state, keep, states = saved
    before = tuple(
        _shift(s, every, keep) for s, every in zip(state, states, strict=True)
    )
    z, small = _inputs(x, U, b), W.astype(jnp.bfloat16)
    u = jnp.einsum(
        "kgh,tkb->tghb",
        small,
        before[0].astype(jnp.bfloat16),
        preferred_element_type=jnp.float32,
    )
    parts = lambda v: tuple(v[:, g] for g in range(cell.num_gates))
    slopes = cell.slopes(parts(z), parts(u), before, states)
    # The gradient of each c_t comes back through c_{t+1} alone, but for the last.
    dlast = tuple(jnp.zeros_like(s) for s in state[:1]) + tuple(
        d[-1] for d in gradient[1:]
    )
    loop = _over_runs(functools.partial(persistent.backward, cell, tile, interpret))
    dz, dfirst = loop(
        gradient[0],
        jnp.stack(slopes, axis=1),
        jnp.transpose(small, (1, 0, 2)),
        _rows(keep),
        *dlast,
    )
    du = jnp.stack(cell.through(parts(dz), slopes), axis=1)
    dU = jnp.einsum("tbd,tghb->dgh", x, dz)
    dW = jnp.einsum("tkb,tghb->kgh", before[0], du)
    dx = jnp.einsum("tghb,dgh->tbd", dz, U)
    dkeep = None if keep is None else jnp.zeros_like(keep)
    return dx, dU, dW, jnp.sum(dz, axis=(0, 3)), dfirst, dkeep


_run.defvjp(_forward, _backward)


def _inputs(x: Array, U: Array, b: Array) -> Float[Array, "T G H B"]:
    return jnp.einsum("tbd,dgh->tghb", x, U) + b[None, :, :, None]


def _rows(keep: Array | None) -> Array | None:
    """Every row of a warpgroup's block the same: no layout of its own in the kernel."""
    if keep is None:
        return None
    S, B = keep.shape
    return jnp.broadcast_to(keep[:, None, :], (S, persistent.ROWS, B))


def _shift(first: Array, states: Array, keep: Array | None) -> Array:
    """The state that every step starts from [T, H, B]."""
    before = jnp.concatenate([first[None], states[:-1]])
    return before if keep is None else before * keep[:-1, None, :]


def _over_runs(loop: Callable[..., Any]) -> Callable[..., Any]:
    """`loop` of arrays with a leading axis of runs, for one run, and mapped over many.

    Mapped runs are one call with more programs and not one call after another.
    """

    def merged(*arrays: Any) -> Any:
        return loop(*arrays)

    call = custom_vmap(merged)

    @call.def_vmap
    def _(size: int, in_batched: list[Any], *arrays: Any) -> tuple[Any, Any]:
        def merge(batched: bool, v: Array) -> Array:
            v = v if batched else jnp.broadcast_to(v[None], (size, *v.shape))
            return v.reshape(size * v.shape[1], *v.shape[2:])

        out = call(*jax.tree.map(merge, tuple(in_batched), arrays))
        split = lambda v: v.reshape(size, -1, *v.shape[1:])
        return jax.tree.map(split, out), jax.tree.map(lambda _: True, out)

    def one(*arrays: Any) -> Any:
        out = call(*jax.tree.map(lambda v: v[None], arrays))
        return jax.tree.map(lambda v: v[0], out)

    return one
