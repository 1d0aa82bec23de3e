"""Nonlinear recurrences with one product a step and an elementwise rest.

    s_t = step(theta, z_t + s_{t-1} W, s_{t-1})

z [T, B, G] is what the inputs give, s a tuple of arrays [B, H] that lie side by side
in the product, W [len(s) H, G], and theta a pytree of what else the step reads. The
step is elementwise over the batch. Its gradient keeps the states alone: going back, one
product gives all arguments of the step, which is differentiated where it stands, and
one product the gradient of W; a step back has one product, as one forward. For
recurrences that no cell of lib.ops.recurrence describes: whose step has parameters of
its own, or feeds more than one part of its state back.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, PyTree

from lib.ops.chunk import scan_with_resets
from lib.ops.linear import project, weight_gradient

State = tuple[Float[Array, "B H"], ...]
Step = Callable[[PyTree, Float[Array, "B G"], State], State]


def feedback(
    step: Step,
    theta: PyTree,
    z: Float[Array, "T B G"],
    W: Float[Array, "S G"],
    state: State,
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[State, Float[Array, "T B H"]]:
    """The last state, and its first part after every step.

    The state is zeros before a step with reset. `step` is a function that is not made
    anew at each call: programs are compiled by it.
    """
    return _run(step, theta, z, W, state, reset)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(
    step: Step, theta: PyTree, z: Array, W: Array, state: State, reset: Any
) -> tuple[State, Array]:
    return _forward(step, theta, z, W, state, reset)[0]


def _forward(
    step: Step, theta: PyTree, z: Array, W: Array, state: State, reset: Any
) -> Any:
    def body(state: State, z: Array) -> tuple[State, State]:
        state = step(theta, z + jnp.concatenate(state, axis=-1) @ W, state)
        return state, state

    zeros = jax.tree.map(jnp.zeros_like, state)
    last, states = scan_with_resets(body, zeros, state, z, reset)
    return (last, states[0]), (theta, z, W, state, states, reset)


def _backward(step: Step, saved: Any, gradient: Any) -> Any:
    theta, z, W, first, states, reset = saved
    dlast, dy = gradient
    before = jax.tree.map(
        lambda start, all: jnp.concatenate([start[None], all[:-1]]), first, states
    )
    if reset is not None:
        before = jax.tree.map(lambda s: _clear(reset, s), before)
    joined = jnp.concatenate(before, axis=-1)
    arguments = z + project(joined, W)
    W_back = W.T

    def body(carry: Any, xs: Any) -> tuple[Any, Array]:
        dstate, dtheta = carry
        dy, argument, before, mask = xs
        dstate = (dstate[0] + dy, *dstate[1:])
        _, pull = jax.vjp(step, theta, argument, before)
        now, dz, dbefore = pull(dstate)
        fed = jnp.split(dz @ W_back, len(dbefore), axis=-1)
        dbefore = tuple(a + b for a, b in zip(dbefore, fed, strict=True))
        if mask is not None:
            dbefore = jax.tree.map(lambda s: _clear(mask, s), dbefore)
        return (dbefore, jax.tree.map(jnp.add, dtheta, now)), dz

    carry = dlast, jax.tree.map(jnp.zeros_like, theta)
    xs = dy, arguments, before, reset
    (dfirst, dtheta), dz = lax.scan(body, carry, xs, reverse=True)
    return dtheta, dz, weight_gradient(joined, dz), dfirst, None


def _clear(mask: Array, state: Array) -> Array:
    return jnp.where(mask[..., None], jnp.zeros_like(state), state)


_run.defvjp(_forward, _backward)
