"""Nonlinear recurrences over a sequence: ways to compute them, and the choice of one.

Vectors are rows and time is the first axis: x [T, B, D]. All methods compute the same
values and gradients; only "plain" can be differentiated twice or forwards.

    "stepwise"      lib/ops/stepwise.py: keeps every derivative; CPU
    "checkpointed"  stepwise (on accelerators: hoisted) in chunks; keeps their first
                    states, and runs each chunk again for its gradient
    "hoisted"       lib/ops/hoisted.py: keeps the states; accelerators
    "plain"         what JAX makes of the loop: the reference
"""

from typing import Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from lib.ops.cell import Cell, Gates, Parts, State
from lib.ops.chunk import chunk_size, scan_chunks, scan_with_resets
from lib.ops.hoisted import hoisted
from lib.ops.linear import Inputs, check_one_dtype, project_each
from lib.ops.stepwise import stepwise

__all__ = ["Cell", "Gates", "Method", "Parts", "State", "choose", "recurrence"]

Method = Literal["auto", "stepwise", "checkpointed", "hoisted", "plain"]

# Bytes that "stepwise" may keep, two arrays a gate. On a CPU, one thread, an LSTM's
# training step with B = 32, H = 128, T = 2048 took 596 ms and 303 MB of temporary
# memory stepwise, 660 ms and 70 MB checkpointed; flax.linen.RNN 756 ms and 470 MB.
_MOST_KEPT = 2**27


def recurrence(
    cell: Cell,
    x: Float[Array, "T B D"] | tuple[Array, ...],
    U: Float[Array, "D G"] | tuple[Array, ...],
    W: Float[Array, "H G"],
    b: Float[Array, " G"],
    state: State,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> tuple[State, Float[Array, "T B H"]]:
    """The last state and all h of a cell run over x; zeros before a step with reset.

    Of several x and as many U, one width all, the gates of each lie side by side: those
    of the first U read the first x.
    `method` is one of `Method`. Raises ValueError for another, and where the arrays
    are not all of one dtype.
    """
    if method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise ValueError(f"recurrence: method must be one of {known}, got {method!r}")
    check_one_dtype("recurrence", x, U, W, b, state)
    some = x[0] if isinstance(x, tuple) else x
    if not len(some):
        method = "plain"
    if method == "auto":
        method = choose(cell, len(some), state[0].size * some.dtype.itemsize)
    runs = {
        "stepwise": stepwise,
        "checkpointed": _checkpointed,
        "hoisted": hoisted,
        "plain": _plain,
    }
    return runs[method](cell, x, U, W, b, state, reset)


def choose(cell: Cell, num_steps: int, bytes_a_step: int) -> Method:
    """The method for a sequence on this platform, h of `bytes_a_step` a step."""
    if jax.default_backend() != "cpu":
        return "hoisted"
    kept = num_steps * bytes_a_step * 2 * len(cell.apart)
    return "stepwise" if kept <= _MOST_KEPT else "checkpointed"


def _plain(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[State, Array]:
    def step(state: State, z: Gates) -> tuple[State, Array]:
        state = cell.step(z, state[0] @ W, state)
        return state, state[0]

    zeros = jax.tree.map(jnp.zeros_like, state)
    return scan_with_resets(step, zeros, state, project_each(x, U, b), reset)


def _checkpointed(
    cell: Cell,
    x: Inputs,
    U: Inputs,
    W: Array,
    b: Array,
    state: State,
    reset: Array | None,
) -> tuple[State, Array]:
    run = stepwise if jax.default_backend() == "cpu" else hoisted
    size = chunk_size(len(jax.tree.leaves(x)[0]))

    @jax.checkpoint
    def chunk(state: State, xs: PyTree) -> tuple[State, Array]:
        x, reset = xs
        return run(cell, x, U, W, b, state, reset)

    return scan_chunks(chunk, state, (x, reset), size)
