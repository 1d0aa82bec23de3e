"""Random subsets of the first n integers, without drawing or sorting n numbers."""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int, UInt32


def draw_subset(bits: UInt32[Array, "M B"], size: Int[Array, ""]) -> Int[Array, "B M"]:
    """M different integers below `size`, in rising order, all subsets equally likely.

    Floyd's algorithm (Bentley, Floyd 1987, Communications of the ACM 30(9)): the draw i
    is below size - M + i + 1, and one that is there already gives way to size - M + i,
    which no earlier draw can be. `size` is traced and at least M. The remainder of 32
    bits is uniform to one in 2^32 / size.
    """
    num_chosen, batch_size = bits.shape
    size = size.astype(jnp.int32)
    nothing = jnp.full((num_chosen, batch_size), -1, jnp.int32)

    def choose(i: Array, chosen: Array) -> Array:
        last = size - num_chosen + i.astype(jnp.int32)
        drawn = (bits[i] % (last + 1).astype(jnp.uint32)).astype(jnp.int32)  # [B]
        taken = jnp.any(chosen == drawn[None, :], axis=0)
        return chosen.at[i].set(jnp.where(taken, last, drawn))

    chosen = lax.fori_loop(0, num_chosen, choose, nothing)
    return jnp.sort(chosen, axis=0).T
