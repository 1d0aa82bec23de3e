"""The diagonal linear recurrence one step after the other, in place, and backwards.

On a CPU the time of a long sequence is that of its memory. The states are written over
a copy of x (none is made where x is needed nowhere else), and dx over the states: each
pass reads a sequence once and writes one. Measured at T = 1024, 1024 channels, forward
and backward, one thread: 0.59 ms, where lax.scan with the same gradient takes 2.1 ms.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax

from lib.ops.kernel import one_kernel
from lib.ops.part import (
    Parts,
    conjugate_times,
    plus,
    read,
    times,
    write,
    zeros_where,
)

# Numbers of a step from which on XLA's operations, which share out work among threads,
# are no slower than one kernel: a step then takes longer than walking through them.
_ONE_KERNEL = 2**15


def sequential_forward(a: Parts, x: Parts, h: Parts, reset: Any) -> Parts:
    """All states of h_t = a_t h_{t-1} + x_t."""

    def states(a: Parts, x: Parts, h: Parts, reset: Any) -> Parts:
        def step(t: Any, carry: Any) -> Any:
            h, x = carry
            h = times(_factor(a, t), zeros_where(_mask(reset, t), h))
            h = plus(h, read(x, t))
            return h, write(x, h, t)

        return lax.fori_loop(0, len(x[0]), step, (h, x))[1]

    return _as_kernel(states, h)(a, x, h, reset)


def sequential_backward(
    a: Parts, h: Parts, states: Parts, reset: Any, dh: Parts
) -> tuple[Parts, Parts, Parts]:
    """Gradients with respect to a, x and the first h."""
    constant, T = a[0].ndim == 1, len(states[0])

    def step(t: Any, carry: Any, before: Any) -> Any:
        """One step back; `before` gives the state before step t.

        What is read of a sequence that is written over is read after the write: only
        then does XLA know that it need not keep a copy.
        """
        reached, da, states, dh = carry
        dx = plus(reached, read(dh, t))
        states = write(states, dx, t)
        mask = _mask(reset, t)
        now = conjugate_times(zeros_where(mask, before(states)), dx)
        da = plus(da, now) if constant else write(da, now, t)
        return zeros_where(mask, conjugate_times(_factor(a, t), dx)), da, states, dh

    def steps(a: Parts, states: Parts, reset: Any, dh: Parts) -> Any:
        zeros = tuple(jnp.zeros_like(p[0]) for p in dh)

        def body(index: Any, carry: Any) -> Any:
            t = T - 1 - index
            carry = *carry, dh
            return step(t, carry, lambda states: read(states, t - 1))[:3]

        carry = zeros, zeros if constant else a, states
        return lax.fori_loop(0, T - 1, body, carry)

    # A loop of no steps ends XLA's compiler: the first step, below, is all there is.
    run = _as_kernel(steps, h) if T > 1 else steps
    carry = run(a, states, reset, dh)
    dfirst, da, dx, _ = step(0, (*carry, dh), lambda _: h)
    if constant:
        da = tuple(jnp.sum(p, axis=0) for p in da)
    return da, dx, dfirst


def _as_kernel(function: Any, h: Parts) -> Any:
    return one_kernel(function) if h[0].size < _ONE_KERNEL else function


def _factor(a: Parts, t: Any) -> Parts:
    return tuple(p[None, :] for p in a) if a[0].ndim == 1 else read(a, t)


def _mask(reset: Any, t: Any) -> Any:
    return None if reset is None else read((reset,), t)[0]
