"""Queries, keys and values of several heads, as matrix-state mixings read them.

    q_t, k_t, v_t = x_t W                               of W [H, 3H], H / P a head each
    with conv_size c:  silu(sum_j K_j * (x_{t-j} W))    j < c, each channel by itself

The short convolution lets a step see its neighbours, so that one layer can bind a value
to the key before it (Arora et al. 2023, arXiv:2312.04927, section 4; Yang et al. 2024,
arXiv:2406.06484, section 3.3). Its taps start uniform within 1 / sqrt(c).
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.ops.depthwise import short_convolution
from lib.ops.linear import project
from lib.types import PRNGKey

Past = Any  # the inputs [B, c - 1, 3H] of the convolution before x; (): there is none
Heads = Float[Array, "T B P K"]


class QKV(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int  # steps that a convolution sees; 0: there is none

    def setup(self) -> None:
        H = self.hidden_size
        dense = nn.initializers.lecun_normal()
        self.W = self.param("W", dense, (H, 3 * H))
        if self.conv_size:
            self.K = self.param("K", init_taps, (self.conv_size, 3 * H))

    def initial(self, batch_size: int) -> Past:
        return no_past(batch_size, self.conv_size, 3 * self.hidden_size)

    def __call__(
        self, past: Past, x: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Past, tuple[Heads, Heads, Heads]]:
        qkv = project(x, self.W)
        if self.conv_size:
            qkv, past = short_convolution(qkv, past, self.K, reset)
            qkv = jax.nn.silu(qkv)
        q, k, v = (split(part, self.num_heads) for part in jnp.split(qkv, 3, axis=-1))
        return past, (q, k, v)


def init_taps(key: PRNGKey, shape: tuple[int, int]) -> Float[Array, "c D"]:
    bound = shape[0] ** -0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def no_past(batch_size: int, conv_size: int, size: int) -> Past:
    """The inputs before the first step, zeros; without a convolution nothing."""
    return jnp.zeros((batch_size, conv_size - 1, size)) if conv_size else ()


def split(x: Float[Array, "*N H"], num_heads: int) -> Float[Array, "*N P K"]:
    """The last axis as `num_heads` heads."""
    return x.reshape(*x.shape[:-1], num_heads, -1)


def merge(x: Float[Array, "*N P K"]) -> Float[Array, "*N H"]:
    """The heads as one axis."""
    return x.reshape(*x.shape[:-2], -1)


def unit(x: Float[Array, "*N K"]) -> Float[Array, "*N K"]:
    """x over its length along the last axis; 1e-6 is added to the square of it."""
    square = jnp.sum(jnp.square(x), axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(square + 1e-6)


def zero_state(batch_size: int, hidden_size: int, num_heads: int) -> Array:
    """S [B, P, K, K] before the first step."""
    size = hidden_size // num_heads
    return jnp.zeros((batch_size, num_heads, size, size))


def check_heads(name: str, hidden_size: int, num_heads: int) -> None:
    """ValueError where the heads would not be of one size."""
    if hidden_size % num_heads:
        raise ValueError(
            f"{name}: hidden_size must be divisible by num_heads, got hidden_size "
            f"{hidden_size} and num_heads {num_heads}"
        )
