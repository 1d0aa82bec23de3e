"""Causal attention over a window of past inputs, of several heads side by side.

    s_tj = q_t . k_j / sqrt(A) - m (t - j)           0 <= t - j <= P
    o_t  = sum_j exp(s_tj) v_j / sum_j exp(s_tj)

Scaled dot products (Vaswani et al. 2017, arXiv:1706.03762, equation 1) with the linear
bias of ALiBi (m = 0: none). The P keys and values before the sequence come from a
cache, oldest first; what a cache does not hold yet, and what lies before a reset, is
not attended to. N heads of A features: q, k, v [B, N, T, A].

Sums over own keys and over cached ones are computed apart, each with its own largest
score (the online softmax of Milakov & Gimelshein 2018, arXiv:1805.02867), so that an
empty cache costs nothing: it is looked at only where something is in it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

# Queries a block: keys after a block, or before the window of its first query, are left
# out of its products.
_BLOCK = 128
_MOST_BLOCKS = 16
# A score that no exponential survives, finite so that differences of two are numbers.
_HIDDEN = -1e30


class Cache(NamedTuple):
    """The keys and values of the last P inputs, the latest last."""

    k: Float[Array, "B N P A"]
    v: Float[Array, "B N P A"]
    valid: Float[Array, "B P"]  # above 0 where an input is held


class Sums(NamedTuple):
    """sum_j exp(s_j - peak) v_j and sum_j exp(s_j - peak), for every query."""

    values: Float[Array, "B N T A"]
    weights: Float[Array, "B N T"]
    peak: Float[Array, "B N T"]


def causal_attention(
    q: Float[Array, "B N T A"],
    k: Float[Array, "B N T A"],
    v: Float[Array, "B N T A"],
    cache: Cache,
    reset: Bool[Array, "T B"] | None = None,
    slopes: Float[np.ndarray, " N"] | None = None,
) -> Float[Array, "B N T A"]:
    """o_t for every step; a query attends to itself and to the P inputs before it."""
    T, P = q.shape[2], cache.valid.shape[1]
    q = q * q.shape[-1] ** -0.5
    segment = None if reset is None else jnp.cumsum(reset.T.astype(jnp.int32), axis=1)
    own = _own_sums(q, k, v, segment, P, slopes)
    near = min(T, P)  # queries whose window reaches into the cache
    if not near:
        return own.values / own.weights[..., None]
    first = None if segment is None else segment[:, :near] == 0

    @jax.checkpoint  # for the gradient keep what it reads, not its scores
    def cached(q: Array, cache: Cache) -> Sums:
        return _cached_sums(q, cache, first, slopes)

    def empty(q: Array, cache: Cache) -> Sums:
        weights = jnp.zeros(q.shape[:-1], q.dtype)
        return Sums(jnp.zeros_like(q), weights, weights + _HIDDEN)

    held = jnp.any(cache.valid > 0)
    past = lax.cond(held, cached, empty, q[:, :, :near], cache)
    head = _normalised(past, jax.tree.map(lambda leaf: leaf[:, :, :near], own))
    if near == T:
        return head
    tail = own.values[:, :, near:] / own.weights[:, :, near:, None]
    return jnp.concatenate([head, tail], axis=2)


def shift(
    cache: Cache,
    k: Float[Array, "B N T A"],
    v: Float[Array, "B N T A"],
    reset: Bool[Array, "T B"] | None,
) -> Cache:
    """The cache after T more inputs: the last P, of the last segment alone."""
    P, T = cache.valid.shape[1], k.shape[2]
    valid = jnp.concatenate([cache.valid, jnp.ones_like(k[:, 0, :, 0])], axis=1)[:, T:]
    keys = jnp.concatenate([cache.k, k], axis=2)[:, :, T:]
    values = jnp.concatenate([cache.v, v], axis=2)[:, :, T:]
    if reset is None:
        return Cache(keys, values, valid)
    segment = jnp.cumsum(reset.T.astype(jnp.int32), axis=1)
    of_input = jnp.pad(segment, ((0, 0), (P, 0)))[:, T:]  # the past: before any reset
    own = of_input == segment[:, -1:]
    wide = own[:, None, :, None]
    zero = lambda leaf: jnp.where(wide, leaf, jnp.zeros_like(leaf))
    return Cache(zero(keys), zero(values), jnp.where(own, valid, jnp.zeros_like(valid)))


def _own_sums(
    q: Array,
    k: Array,
    v: Array,
    segment: Array | None,
    P: int,
    slopes: np.ndarray | None,
) -> Sums:
    """Over the keys of the sequence itself, block by block of queries."""
    T = q.shape[2]
    size = max(_BLOCK, -(-T // _MOST_BLOCKS))
    parts = []
    for start in range(0, T, size):
        stop, first = min(start + size, T), max(0, start - P)
        lag = _lag(np.arange(start, stop), np.arange(first, stop))
        seen = ((lag >= 0) & (lag <= P))[None, None]
        if segment is not None:
            own = segment[:, start:stop, None] == segment[:, None, first:stop]
            seen = seen & own[:, None]

        def block(q: Array, k: Array, v: Array, seen: Array, lag: Array) -> Sums:
            return _sums(q, k, v, seen, lag, slopes)

        # One block's scores are kept for the gradient, those of many are not.
        block = block if T <= size else jax.checkpoint(block)
        keys = slice(first, stop)
        part = q[:, :, start:stop], k[:, :, keys], v[:, :, keys]
        parts.append(block(*part, seen, lag))
    if len(parts) == 1:
        return parts[0]
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=2), *parts)


def _cached_sums(
    q: Array, cache: Cache, first: Array | None, slopes: np.ndarray | None
) -> Sums:
    """Over the keys of the cache; `first` [B, T]: queries before the first reset."""
    P = cache.valid.shape[1]
    lag = _lag(P + np.arange(q.shape[2]), np.arange(P))
    seen = (lag <= P)[None, None] & (cache.valid > 0)[:, None, None, :]
    if first is not None:
        seen = seen & first[:, None, :, None]
    return _sums(q, cache.k, cache.v, seen, lag, slopes)


def _lag(queries: np.ndarray, keys: np.ndarray) -> Int[Array, "T S"]:
    """t - j, from short constants and not a large one."""
    as_array = lambda places: jnp.asarray(places, jnp.int32)
    return as_array(queries)[:, None] - as_array(keys)[None, :]


def _sums(
    q: Float[Array, "B N T A"],
    k: Float[Array, "B N S A"],
    v: Float[Array, "B N S A"],
    seen: Bool[Array, "#B 1 T S"],
    lag: Int[Array, "T S"],
    slopes: np.ndarray | None,
) -> Sums:
    s = jnp.einsum("bnta,bnsa->bnts", q, k)
    if slopes is not None:
        steep = jnp.asarray(slopes, s.dtype)[:, None, None]
        s = s - (steep * lag[None].astype(s.dtype))[None]
    s = jnp.where(seen, s, jnp.full_like(s, _HIDDEN))
    peak = lax.stop_gradient(jnp.max(s, axis=-1))  # cancels in the quotient
    weights = jnp.exp(s - peak[..., None])
    values = jnp.einsum("bnts,bnsa->bnta", weights, v)
    return Sums(values, jnp.sum(weights, axis=-1), peak)


def _normalised(a: Sums, b: Sums) -> Float[Array, "B N T A"]:
    """The quotient of both sums together."""
    peak = jnp.maximum(a.peak, b.peak)
    of_a, of_b = jnp.exp(a.peak - peak), jnp.exp(b.peak - peak)
    values = a.values * of_a[..., None] + b.values * of_b[..., None]
    return values / (a.weights * of_a + b.weights * of_b)[..., None]
