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

from lib.ops.attention_cache import Cache

# Queries a block: keys after a block, or before the window of its first query, are left
# out of its products. More blocks than so many are one program in a loop, all of whose
# blocks read as many keys: memory and compile time do not grow with the length.
_BLOCK = 128
_MOST_BLOCKS = 4
# A score that no exponential survives, finite so that differences of two are numbers.
_HIDDEN = -1e30


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
    if T > _MOST_BLOCKS * _BLOCK:
        return _looped_sums(q, k, v, segment, min(P, T - 1), slopes)
    parts = []
    for start in range(0, T, _BLOCK):
        stop, first = min(start + _BLOCK, T), max(0, start - P)
        lag = _lag(np.arange(start, stop), np.arange(first, stop))
        seen = ((lag >= 0) & (lag <= P))[None, None]
        if segment is not None:
            own = segment[:, start:stop, None] == segment[:, None, first:stop]
            seen = seen & own[:, None]

        def block(q: Array, k: Array, v: Array, seen: Array, lag: Array) -> Sums:
            return _sums(q, k, v, seen, lag, slopes)

        # One block's scores are kept for the gradient, those of many are not.
        block = block if T <= _BLOCK else jax.checkpoint(block)
        keys = slice(first, stop)
        part = q[:, :, start:stop], k[:, :, keys], v[:, :, keys]
        parts.append(block(*part, seen, lag))
    if len(parts) == 1:
        return parts[0]
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=2), *parts)


def _looped_sums(
    q: Array,
    k: Array,
    v: Array,
    segment: Array | None,
    P: int,
    slopes: np.ndarray | None,
) -> Sums:
    """The same in a loop: each block reads its own keys and the P before them."""
    T, size = q.shape[2], P + _BLOCK
    rest = -T % _BLOCK
    after = lambda x, axis, before=0: jnp.pad(
        x, [(before, rest) if i == axis else (0, 0) for i in range(x.ndim)]
    )
    q, k, v = after(q, 2), after(k, 2, P), after(v, 2, P)
    lag = _lag(P + np.arange(_BLOCK), np.arange(size))
    inside = (lag >= 0) & (lag <= P)
    own = None if segment is None else (after(segment, 1), after(segment, 1, P))

    @jax.checkpoint
    def block(start: Array) -> Sums:
        at = lambda x, length, axis=2: lax.dynamic_slice_in_dim(x, start, length, axis)
        real = start + jnp.arange(size, dtype=jnp.int32) >= P  # not before the start
        seen = (inside & real[None, :])[None, None]
        if own is not None:
            of_query, of_key = at(own[0], _BLOCK, 1), at(own[1], size, 1)
            seen = seen & (of_query[:, :, None] == of_key[:, None, :])[:, None]
        return _sums(at(q, _BLOCK), at(k, size), at(v, size), seen, lag, slopes)

    starts = jnp.arange(0, T, _BLOCK, dtype=jnp.int32)
    found = lax.map(block, starts)  # blocks first

    def join(leaf: Array) -> Array:
        leaf = jnp.moveaxis(leaf, 0, 2)  # [B, N, blocks, queries, ..]
        return leaf.reshape(*leaf.shape[:2], -1, *leaf.shape[4:])[:, :, :T]

    return jax.tree.map(join, found)


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
