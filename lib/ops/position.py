"""Where an input stands, told to attention: rotations and linear biases.

RoPE (Su et al. 2021, arXiv:2104.09864, equations 14, 15 and 34) turns each pair of
features (2i, 2i + 1) of a query or key at position t by the angle t theta_i,

    theta_i = 10000^(-2i / A)                        i = 0, ..., A/2 - 1

so that their product depends on the distance of their positions alone. ALiBi (Press,
Smith & Lewis 2022, arXiv:2108.12409, section 3) takes m_n (t - j) from the score of
head n of N; for N a power of 2

    m_n = 2^(-8 n / N)                               n = 1, ..., N

and else, as in the authors' code, the slopes of the power of 2 below, then every second
one of twice that power.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_BASE = 10_000.0


def rotate(x: Float[Array, "*N T A"], first: int) -> Float[Array, "*N T A"]:
    """x_t turned by the angles of positions first, first + 1, ...; A is even."""
    T, A = x.shape[-2:]
    theta = _BASE ** (-np.arange(0, A, 2) / A)
    # In float64: a float32 angle of 10^4 radians is off by 10^-3.
    angle = (first + np.arange(T))[:, None] * theta[None, :]
    cos, sin = (jnp.asarray(f(angle), x.dtype) for f in (np.cos, np.sin))
    cos, sin = (a.reshape(*[1] * (x.ndim - 2), *a.shape) for a in (cos, sin))
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = jnp.stack([even * cos - odd * sin, odd * cos + even * sin], axis=-1)
    return turned.reshape(x.shape)


def alibi_slopes(num_heads: int) -> Float[np.ndarray, " N"]:
    """m_n of each head, in float64."""
    below = 2 ** int(math.log2(num_heads))
    slopes = _powers(below)
    return np.concatenate([slopes, _powers(2 * below)[0::2][: num_heads - below]])


def _powers(num_heads: int) -> Float[np.ndarray, " N"]:
    return 2.0 ** (-8.0 * np.arange(1, num_heads + 1) / num_heads)
