"""What a nonlinear recurrence computes in a step: the interface of its cells.

A cell reads z_t = x_t U + b and u_t = h_{t-1} W, whose columns are the gates side by
side, and makes the next state, a tuple whose first member is h.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

State = tuple[Float[Array, "..."], ...]
Gates = Float[Array, "... G"]
Gate = Any  # what one gate reads: z + u, or (z, u) where it reads them apart
Parts = tuple[Float[Array, "..."], ...]


class Cell(NamedTuple):
    """One step of a recurrence and its derivatives, all elementwise.

    `step(z, u, before)` is the next state, the gates along the last axis. The others
    take and give an array of one shape for each gate, whatever that shape is.
    `forward(gates, before)` returns (the next state, slopes): all of the step's
    derivatives that the gradient coming back does not change. `backward(dstate, slopes,
    h)` returns (dz, du, dstate before, without the part through u) with h of the next
    state; dz and du have a part a gate and are equal but in the gates read `apart`.
    """

    apart: tuple[bool, ...]  # a gate each: whether it reads z and u apart
    step: Callable[[Gates, Gates, State], State]
    forward: Callable[[tuple[Gate, ...], State], tuple[State, Parts]]
    backward: Callable[[State, Parts, Array], tuple[Parts, Parts, State]]


def split_gates(cell: Cell, z: Gates, u: Gates) -> tuple[Gate, ...]:
    """What each gate reads, of z and u with the gates along the last axis."""
    count = len(cell.apart)
    pairs = zip(jnp.split(z, count, -1), jnp.split(u, count, -1), strict=True)
    return tuple(
        (z, u) if apart else z + u
        for (z, u), apart in zip(pairs, cell.apart, strict=True)
    )
