"""Complex arithmetic on pairs of real arrays; with real numbers, on single arrays.

XLA's complex numbers lie real beside imaginary part, which no loop of its CPU backend
makes vector instructions of.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool

Parts = tuple[Array, ...]  # (real,) or (real, imaginary), each of the same shape


def parts_of(x: Any) -> Parts:
    """The parts of an array, real or complex, or of a pair that is given as such."""
    if isinstance(x, tuple):
        return tuple(x)
    return (lax.real(x), lax.imag(x)) if jnp.iscomplexobj(x) else (x,)


def times(p: Parts, q: Parts) -> Parts:
    """p q."""
    if len(p) == 1:
        return (p[0] * q[0],)
    return p[0] * q[0] - p[1] * q[1], p[0] * q[1] + p[1] * q[0]


def conjugate_times(p: Parts, q: Parts) -> Parts:
    """The complex conjugate of p, times q."""
    if len(p) == 1:
        return (p[0] * q[0],)
    return p[0] * q[0] + p[1] * q[1], p[0] * q[1] - p[1] * q[0]


def plus(p: Parts, q: Parts) -> Parts:
    return tuple(a + b for a, b in zip(p, q, strict=True))


def zeros_where(mask: Bool[Array, "*B"] | None, p: Parts) -> Parts:
    """Zeros where `mask` is true, which lacks the last axis of p."""
    if mask is None:
        return p
    return tuple(jnp.where(mask[..., None], jnp.zeros_like(a), a) for a in p)


def read(p: Parts, t: Any) -> Parts:
    """Step t of sequences."""
    return tuple(lax.dynamic_index_in_dim(a, t, 0, keepdims=False) for a in p)


def write(p: Parts, now: Parts, t: Any) -> Parts:
    """Sequences with step t replaced."""
    pairs = zip(p, now, strict=True)
    return tuple(lax.dynamic_update_index_in_dim(a, b, t, 0) for a, b in pairs)
