"""What attention over a window of inputs carries: the last keys and values.

N heads of A features; time comes second to last.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Cache(NamedTuple):
    """The keys and values of the last P inputs, the latest last."""

    k: Float[Array, "B N P A"]
    v: Float[Array, "B N P A"]
    valid: Float[Array, "B P"]  # above 0 where an input is held


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
