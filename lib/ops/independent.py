"""Rectified units that each see only their own past: h_t = relu(z_t + a * h_{t-1}).

Time is the first axis: z [T, B, H], a [H]. On a CPU forward and backward are each one
loop compiled as a whole (lib.ops.kernel), in place as the diagonal linear recurrence
(lib.ops.sequential): nothing is saved but the states.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from lib.ops.kernel import one_kernel
from lib.ops.linear import check_one_dtype
from lib.ops.part import read, write, zeros_where


def independent_relu(
    a: Float[Array, " H"],
    z: Float[Array, "T B H"],
    h: Float[Array, "B H"],
    reset: Bool[Array, "T B"] | None = None,
) -> Float[Array, "T B H"]:
    """All h_t, from h and from zeros where `reset` is true."""
    check_one_dtype("independent_relu", a, z, h)
    return _run(a, z, h, reset) if len(z) else z


@jax.custom_vjp
def _run(a: Array, z: Array, h: Array, reset: Any) -> Array:
    def states(a: Array, z: Array, h: Array, reset: Any) -> Array:
        def step(t: Any, carry: Any) -> Any:
            h, z = carry
            (h,) = zeros_where(_mask(reset, t), (h,))
            h = _at(z, t) + a[None, :] * h
            # A maximum, no vector instruction here, would take ten times as long.
            h = lax.select(h > 0, h, jnp.zeros_like(h))
            return h, write((z,), (h,), t)[0]

        return lax.fori_loop(0, len(z), step, (h, z))[1]

    return one_kernel(states)(a, z, h, reset)


def _forward(a: Array, z: Array, h: Array, reset: Any) -> Any:
    states = _run(a, z, h, reset)
    return states, (a, h, states, reset)


def _backward(saved: Any, dh: Array) -> Any:
    a, first, states, reset = saved
    T = len(states)

    def step(t: Any, carry: Any, before: Any, constant: Any) -> Any:
        """One step back; `before` gives the state before step t.

        What is read of a sequence that is written over is read after the write: only
        then does XLA know that it need not keep a copy. So h_t is carried along.
        """
        a, reset, dh = constant
        reached, da, h, states = carry
        dz = reached + _at(dh, t)
        dz = lax.select(h > 0, dz, jnp.zeros_like(dz))
        states = write((states,), (dz,), t)[0]
        h, mask = before(states), _mask(reset, t)
        seen, reached = zeros_where(mask, (h, a[None, :] * dz))
        return reached, da + seen * dz, h, states

    def steps(a: Array, h: Array, states: Array, reset: Any, dh: Array) -> Any:
        zeros = jnp.zeros_like(h)

        def body(index: Any, carry: Any) -> Any:
            t = T - 1 - index
            return step(t, carry, lambda h: _at(h, t - 1), (a, reset, dh))

        return lax.fori_loop(0, T - 1, body, (zeros, zeros, h, states))

    run = one_kernel(steps) if T > 1 else steps
    carry = run(a, states[-1], states, reset, dh)
    dfirst, da, _, dz = step(0, carry, lambda _: first, (a, reset, dh))
    return jnp.sum(da, axis=0), dz, dfirst, None


_run.defvjp(_forward, _backward)


def _at(x: Array, t: Any) -> Array:
    return read((x,), t)[0]


def _mask(reset: Any, t: Any) -> Any:
    return None if reset is None else _at(reset, t)
