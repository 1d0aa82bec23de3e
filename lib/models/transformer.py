"""Causal transformer: Attention is all you need (Vaswani et al. 2017, arXiv:1706.03762,
section 3.2), of the last `context` inputs, pre-norm.

    q_t, k_t, v_t = x_t W_q, x_t W_k, x_t W_v          in N heads of A = H / N features
    s_tj = q_t . k_j / sqrt(A)                         t - context < j <= t
    o_t  = sum_j softmax_j(s_tj) v_j                   head by head
    y_t  = [o_t of head 1, ..., o_t of head N] W_o

in the block of `lib.models.block`, whose MLP is `mlp_factor` H wide. `position` says
how a score knows where j is: "rope" turns q_t and k_j by their positions (Su et al.
2021, arXiv:2104.09864), "alibi" takes m_n (t - j) from the score of head n (Press et
al. 2022, arXiv:2108.12409), "none" leaves it to the causal mask (Haviv et al. 2022,
arXiv:2203.16634).

All positions in parallel, O(T min(T, context) H); a step costs O(context H + H^2). The
state is the last context - 1 keys and values of each layer, so a stream of any length
is read in constant memory, and an output depends on the last 1 + num_layers
(context - 1) inputs: a sliding window (Beltagy et al. 2020, arXiv:2004.05150, section
3.1) that is full attention up to length `context`. An empty cache costs nothing.

Deviations: root-mean-square normalisation, before attention and MLP (block.py); gelu
instead of relu; no biases beside W; no dropout inside. RoPE pairs neighbouring
features, as its paper does, and counts positions from the start of the cache: only
differences matter, and a stream of any length keeps the precision of a short one.
W_qkv [H, 3H] holds W_q, W_k and W_v side by side, each head by head; vectors are rows.
"""

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from lib.models.block import stack_blocks
from lib.models.stack import Pooling
from lib.ops.attention_cache import Cache, shift
from lib.ops.causal_attention import causal_attention
from lib.ops.linear import project
from lib.ops.position import alibi_slopes, rotate
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Position = Literal["none", "rope", "alibi"]


class Attention(nn.Module):
    hidden_size: int
    num_heads: int
    position: Position
    context: int

    def setup(self) -> None:
        H, dense = self.hidden_size, nn.initializers.lecun_normal()
        self.W_qkv = self.param("W_qkv", dense, (H, 3 * H))
        self.W_o = self.param("W_o", dense, (H, H))

    def initial(self, batch_size: int) -> Cache:
        past, N = self.context - 1, self.num_heads
        empty = jnp.zeros((batch_size, N, past, self.hidden_size // N))
        return Cache(empty, empty, jnp.zeros((batch_size, past)))

    def step(self, cache: Cache, x: Float[Array, "B H"]) -> tuple[Cache, Array]:
        cache, y = self(cache, x[None], None)
        return cache, y[0]

    def __call__(
        self, cache: Cache, x: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Cache, Float[Array, "T B H"]]:
        T, B, H = x.shape
        qkv = project(x, self.W_qkv).reshape(T, B, 3, self.num_heads, -1)
        q, k, v = jnp.transpose(qkv, (2, 1, 3, 0, 4))  # each [B, N, T, A]
        after = shift(cache, k, v, reset)
        if self.position == "rope":
            past = self.context - 1
            q, k = rotate(q, past), rotate(k, past)
            cache = cache._replace(k=rotate(cache.k, 0))
        o = causal_attention(q, k, v, cache, reset, self._slopes())
        return after, project(jnp.transpose(o, (2, 0, 1, 3)).reshape(T, B, H), self.W_o)

    def _slopes(self) -> Float[np.ndarray, " N"] | None:
        return alibi_slopes(self.num_heads) if self.position == "alibi" else None


def make_transformer(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 2,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    num_heads: Size = 4,
    position: Position = "rope",
    context: Size = 512,
    mlp_factor: Count = 4,
) -> Model:
    """`num_layers` blocks of attention over the last `context` inputs, and an MLP."""
    if hidden_size % num_heads:
        raise ValueError(
            f"transformer: hidden_size must be a multiple of num_heads, got "
            f"{hidden_size} and {num_heads}"
        )
    if position == "rope" and hidden_size // num_heads % 2:
        raise ValueError(
            f"transformer: position 'rope' turns pairs of features: hidden_size / "
            f"num_heads must be even, got {hidden_size} / {num_heads}"
        )
    return stack_blocks(
        interface,
        lambda size: Attention(size, num_heads, position, context),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        receptive_field=1 + num_layers * (context - 1),
    )
