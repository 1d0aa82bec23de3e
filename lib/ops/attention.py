"""Attention: a mean of values, weighted by how well their keys fit a query.

    s_p = q . k_p / sqrt(A)        w = softmax(s)        context = sum_p w_p v_p

Scaled dot products (Vaswani et al. 2017, arXiv:1706.03762, equation 1) over the P
places of a picture.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def attend(
    query: Float[Array, "B A"],
    keys: Float[Array, "B P A"],
    values: Float[Array, "B P F"],
) -> tuple[Float[Array, "B F"], Float[Array, "B P"]]:
    """The context of a query, and the weight of each place, which sum to 1."""
    scores = jnp.einsum("ba,bpa->bp", query, keys) * query.shape[-1] ** -0.5
    weights = jax.nn.softmax(scores, axis=-1)
    return jnp.einsum("bp,bpf->bf", weights, values), weights
