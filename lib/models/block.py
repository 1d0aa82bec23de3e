"""The block around a mixing over time: normalisation before it, a skip around it.

    x_t  = u_t R                               R is the identity where u is H wide
    h_t  = x_t + mix(n(x))_t                   the mixing: what a model's file is about
    y_t  = h_t + gelu(n(h_t) W_1 + b_1) W_2    mlp_factor H units; 0: y_t = h_t
    n(x) = s * x / sqrt(mean(x^2) + 1e-6)      s [H] starts at 1

Pre-norm residual blocks (Xiong et al. 2020, arXiv:2002.04745) with the normalisation of
Zhang & Sennrich 2019 (arXiv:1910.07467); the last block's y is normalised once more, as
before any readout. All models of such blocks share this one, so that what differs
between them is how they mix over time; their files say where the paper's block differs.

A mixing is a Linen module like a layer of `lib.models.stack`: initial(batch_size),
step(carry, x [B, H]) and __call__(carry, x [T, B, H], reset), with outputs [.., H].
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.stack import Pooling, stack
from lib.ops.linear import project
from lib.types import Carry, Interface, Model

MakeMix = Callable[[int], nn.Module]  # by the width H of its inputs and outputs

_EPSILON = 1e-6


def rms_norm(x: Float[Array, "*N H"], scale: Float[Array, " H"]) -> Array:
    """x over the root of its mean square along the last axis, times `scale`."""
    size = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(size + _EPSILON) * _last(scale, x)


def layer_norm(
    x: Float[Array, "*N H"], scale: Float[Array, " H"], bias: Float[Array, " H"]
) -> Array:
    """x with mean 0 and variance 1 along the last axis, times `scale`, plus `bias`."""
    x = x - jnp.mean(x, axis=-1, keepdims=True)
    size = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(size + _EPSILON) * _last(scale, x) + _last(bias, x)


def head_norm(
    x: Float[Array, "*N H"], scale: Float[Array, " H"], num_heads: int
) -> Array:
    """`rms_norm` within each of `num_heads` equal parts of the last axis."""
    heads = x.reshape(*x.shape[:-1], num_heads, -1)
    size = jnp.mean(jnp.square(heads), axis=-1, keepdims=True)
    heads = heads * jax.lax.rsqrt(size + _EPSILON)
    return heads.reshape(x.shape) * _last(scale, x)


def _last(vector: Float[Array, " H"], x: Array) -> Array:
    return vector.reshape(*[1] * (x.ndim - 1), -1)


class Block(nn.Module):
    input_size: int
    hidden_size: int
    make_mix: MakeMix
    mlp_factor: int = 0
    is_last: bool = True

    def setup(self) -> None:
        H, M = self.hidden_size, self.hidden_size * self.mlp_factor
        dense, ones = nn.initializers.lecun_normal(), nn.initializers.ones
        if self.input_size != H:
            self.R = self.param("R", dense, (self.input_size, H))
        self.mix = self.make_mix(H)
        self.s_mix = self.param("s_mix", ones, (H,))
        if M:
            self.s_mlp = self.param("s_mlp", ones, (H,))
            self.W_1 = self.param("W_1", dense, (H, M))
            self.b_1 = self.param("b_1", nn.initializers.zeros, (M,))
            self.W_2 = self.param("W_2", dense, (M, H))
        if self.is_last:
            self.s_out = self.param("s_out", ones, (H,))

    def initial(self, batch_size: int) -> Carry:
        return self.mix.initial(batch_size)

    def step(self, carry: Carry, u: Float[Array, "B D"]) -> tuple[Carry, Any]:
        x = self._enter(u)
        carry, mixed = self.mix.step(carry, rms_norm(x, self.s_mix))
        return carry, self._leave(x + mixed)

    def __call__(
        self, carry: Carry, u: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        x = self._enter(u)
        carry, mixed = self.mix(carry, rms_norm(x, self.s_mix), reset)
        return carry, self._leave(x + mixed)

    def _enter(self, u: Float[Array, "*N D"]) -> Float[Array, "*N H"]:
        return u if self.input_size == self.hidden_size else project(u, self.R)

    def _leave(self, h: Float[Array, "*N H"]) -> Float[Array, "*N H"]:
        if self.mlp_factor:
            inside = project(rms_norm(h, self.s_mlp), self.W_1, self.b_1)
            h = h + project(jax.nn.gelu(inside), self.W_2)
        return rms_norm(h, self.s_out) if self.is_last else h


def stack_blocks(
    interface: Interface,
    make_mix: MakeMix,
    hidden_size: int,
    *,
    num_layers: int = 1,
    mlp_factor: int = 0,
    embedding_size: int = 0,
    dropout: float = 0.0,
    pooling: Pooling = "last",
    receptive_field: int | None = None,
) -> Model:
    """`stack` of `num_layers` blocks, each around its own `make_mix(hidden_size)`."""
    return stack(
        interface,
        lambda i, size: Block(
            size, hidden_size, make_mix, mlp_factor, i == num_layers - 1
        ),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        receptive_field=receptive_field,
    )
