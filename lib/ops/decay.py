"""Chunks of a linear recurrence, and how much of a step is left at another of its own.

Of a chunk the time is the last axis but one: [B, P, C, K] for P heads and C steps.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

# state, sequences [B, P, C, *K], resets [B, C] or None -> outputs, state
Body = Callable[[Array, tuple[Array, ...], Any], tuple[Array, Array]]


class Decays(NamedTuple):
    """Factors, of G numbers a step: 1, or one for each of K."""

    between: Float[Array, "B P C C G"]  # of what step s wrote at t; 0 for s > t
    from_start: Float[Array, "B P C G"]  # of the state before the chunk, at t
    to_end: Float[Array, "B P C G"]  # of what step s wrote, after the chunk
    whole: Float[Array, "B P G"]  # of the state before the chunk, after it


def decays(log_g: Float[Array, "B P C G"], reset: Bool[Array, "B C"] | None) -> Decays:
    """What is left, where each step keeps g of the state and a reset nothing.

    In logarithms, and only what is at most 1 is ever formed: however small g is, no
    factor overflows and none is a quotient of two that vanished.
    """
    total = jnp.cumsum(log_g, axis=2)
    C = log_g.shape[2]
    seen = jnp.tril(jnp.ones((C, C), bool))[None, None]
    start, end = jnp.ones((1,) * 3, bool), jnp.ones((1,) * 3, bool)
    if reset is not None:
        segment = jnp.cumsum(reset, axis=1, dtype=jnp.int32)[:, None]  # [B, 1, C]
        seen = seen & (segment[..., :, None] == segment[..., None, :])
        start, end = segment == 0, segment == segment[..., -1:]
    last = total[:, :, -1:]
    return Decays(
        _exp_where(seen, total[:, :, :, None] - total[:, :, None, :]),
        _exp_where(start, total),
        _exp_where(end, last - total),
        _exp_where(start[..., -1:], last)[:, :, 0],
    )


def over_chunks(
    body: Body, S: Array, xs: tuple[Array, ...], reset: Any, C: int
) -> tuple[Float[Array, "T B P V"], Array]:
    """All outputs and the last state of a body that does C steps, chunk after chunk.

    The body reads the state, sequences [B, P, C, *K] and resets [B, C] or None. Its
    arrays stay in the cache, and backwards it is computed again: nothing is saved but
    the state before each chunk. All of T at once was 1.7 times slower on a CPU.
    """
    T = len(xs[0])
    cut = lambda x: _fill_up(x, C).reshape(-1, C, *x.shape[1:])

    def step(S: Array, chunk: Any) -> tuple[Array, Array]:
        xs, reset = chunk
        xs = tuple(jnp.moveaxis(x, 0, 2) for x in xs)
        y, S = body(S, xs, None if reset is None else reset.T)
        return S, jnp.moveaxis(y, 2, 0)

    if T == C:  # without a loop a fifth less to compile
        S, y = step(S, (xs, reset))
        return y, S
    chunks = tuple(map(cut, xs)), None if reset is None else cut(reset)
    S, y = lax.scan(jax.checkpoint(step), S, chunks)
    return y.reshape(-1, *y.shape[2:])[:T], S


def _fill_up(x: Array, C: int) -> Array:
    """Zeros after the last step, to a multiple of C steps: they change no state."""
    return jnp.pad(x, ((0, -len(x) % C), *[(0, 0)] * (x.ndim - 1)))


def emptied(mask: Bool[Array, " B"] | None, S: Array) -> Array:
    """The states [B, ...], zeros where `mask` is true."""
    if mask is None:
        return S
    return jnp.where(mask.reshape(-1, *[1] * (S.ndim - 1)), jnp.zeros_like(S), S)


def _exp_where(mask: Bool[Array, "..."], x: Float[Array, "..."]) -> Array:
    """The exponential of x, and 0 where `mask` (but for the last axis) is false.

    Masked before it too: of an x that overflows the gradient would be no number.
    """
    mask = jnp.broadcast_to(mask[..., None], x.shape)
    return jnp.where(mask, jnp.exp(jnp.where(mask, x, jnp.zeros_like(x))), 0.0)
