"""Linear recurrences with a diagonal matrix: h_t = a_t h_{t-1} + x_t, real or complex.

Time is the first axis: x [T, B, N]; a [N], or [T, B, N] where it changes. The gradient
of each method is the same recurrence backwards in time,

    dx_t = dh_t + conj(a_{t+1}) dx_{t+1},   da_t = conj(h_{t-1}) dx_t,

with dh_t what reaches h_t from outside: nothing is saved but the states. Methods:

    sequential   T steps in a row, in place: x becomes h, and in the backward pass h
                 becomes dx. On a CPU 6 to 12 times as fast as the next (lib.ops.kernel)
    associative  log T rounds over all steps (Blelloch 1990, Prefix sums and their
                 applications)
    chunked      those rounds within chunks of 64 steps, and chunk after chunk: between
                 the two in rounds and in memory
    plain        T steps in a row differentiated by JAX: the reference, for forward mode
                 and for second derivatives too

A reset is a factor 0 to the methods in parallel: a state that is not finite passes it.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool

from lib.ops.linear import check_one_dtype
from lib.ops.part import Parts, conjugate_times, parts_of, plus, times, zeros_where
from lib.ops.sequential import sequential_backward, sequential_forward

METHODS = "auto", "sequential", "associative", "chunked", "plain"

CHUNK = 64  # steps: 6 rounds within a chunk, T / 64 steps from chunk to chunk


def linear_scan(
    a: Any,
    x: Any,
    h: Any,
    reset: Bool[Array, "T B"] | None = None,
    method: str = "auto",
) -> Any:
    """All h_t, from h [B, N] and from zeros where `reset` is true.

    Each of a, x and h is an array, or a pair of arrays: its real and imaginary part. A
    pair x gives a pair, and no complex array is formed, which is the faster way. If any
    of them is complex all are. "auto" is sequential on a CPU, else associative.
    """
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise ValueError(f"linear_scan: method must be one of {known}, got {method!r}")
    if method == "auto":
        method = "sequential" if jax.default_backend() == "cpu" else "associative"
    parts = [parts_of(value) for value in (a, x, h)]
    check_one_dtype("linear_scan", *parts)
    if any(len(value) == 2 for value in parts):
        parts = [(*p, *map(jnp.zeros_like, p))[:2] for p in parts]
    factor, drive, first = parts
    states: Any
    if method == "plain" or not len(drive[0]):
        states = _plain(factor, drive, first, reset)
    else:
        states = _scan(method, factor, drive, first, reset)
    if isinstance(x, tuple):
        return states
    return states[0] if len(states) == 1 else lax.complex(*states)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _scan(method: str, a: Parts, x: Parts, h: Parts, reset: Any) -> Parts:
    if method == "sequential":
        return sequential_forward(a, x, h, reset)
    return _parallel(method, _factors(a, x, reset), x, h)


def _forward(method: str, a: Parts, x: Parts, h: Parts, reset: Any) -> Any:
    states = _scan(method, a, x, h, reset)
    return states, (a, h, states, reset)


def _backward(method: str, saved: Any, dh: Parts) -> Any:
    a, h, states, reset = saved
    if method == "sequential":
        return *sequential_backward(a, h, states, reset, dh), None
    factors = _factors(a, states, reset)
    later = tuple(jnp.concatenate([p[1:], jnp.zeros_like(p[:1])]) for p in factors)
    if len(later) == 2:
        later = later[0], -later[1]
    flip = lambda parts: tuple(p[::-1] for p in parts)
    zeros = jax.tree.map(jnp.zeros_like, h)
    dx = flip(_parallel(method, flip(later), flip(dh), zeros))
    before = tuple(
        jnp.concatenate([p[None], q[:-1]]) for p, q in zip(h, states, strict=True)
    )
    da = conjugate_times(zeros_where(reset, before), dx)
    if a[0].ndim == 1:
        da = tuple(jnp.sum(p, axis=(0, 1)) for p in da)
    first = lambda parts: tuple(p[0] for p in parts)
    return da, dx, conjugate_times(first(factors), first(dx)), None


_scan.defvjp(_forward, _backward)


def _plain(a: Parts, x: Parts, h: Parts, reset: Any) -> Parts:
    constant = a[0].ndim == 1

    def step(h: Parts, xs: Any) -> tuple[Parts, Parts]:
        x, mask, factor = xs
        factor = tuple(p[None, :] for p in a) if constant else factor
        h = plus(times(factor, zeros_where(mask, h)), x)
        return h, h

    return lax.scan(step, h, (x, reset, None if constant else a))[1]


def _factors(a: Parts, x: Parts, reset: Any) -> Parts:
    """a of every step, zeros where a state is not continued."""
    if a[0].ndim == 1:
        a = tuple(jnp.broadcast_to(p[None, None, :], x[0].shape) for p in a)
    return zeros_where(reset, a)


def _parallel(method: str, a: Parts, x: Parts, h: Parts) -> Parts:
    first = plus(tuple(p[0] for p in x), times(tuple(p[0] for p in a), h))
    x = tuple(p.at[0].set(q) for p, q in zip(x, first, strict=True))
    return _associative(a, x, 0)[1] if method == "associative" else _chunked(a, x)


def _associative(a: Parts, x: Parts, axis: int) -> tuple[Parts, Parts]:
    """Products of all a up to each step, and all states from zeros."""

    def compose(first: Any, then: Any) -> Any:
        return times(first[0], then[0]), plus(times(then[0], first[1]), then[1])

    return lax.associative_scan(compose, (a, x), axis=axis)


def _chunked(a: Parts, x: Parts) -> Parts:
    T = len(x[0])
    C = min(CHUNK, T)

    def cut(p: Array) -> Array:
        p = jnp.pad(p, ((0, -T % C), (0, 0), (0, 0)))
        return p.reshape(-1, C, *p.shape[1:])  # [T/C, C, B, N]

    decay, own = _associative(tuple(map(cut, a)), tuple(map(cut, x)), 1)

    def step(h: Parts, xs: Any) -> tuple[Parts, Parts]:
        decay, own = xs
        return plus(times(decay, h), own), h

    last = lambda parts: tuple(p[:, -1] for p in parts)
    zeros = tuple(jnp.zeros_like(p[0]) for p in x)
    _, start = lax.scan(step, zeros, (last(decay), last(own)))
    states = plus(own, times(decay, tuple(p[:, None] for p in start)))
    return tuple(p.reshape(-1, *p.shape[2:])[:T] for p in states)
