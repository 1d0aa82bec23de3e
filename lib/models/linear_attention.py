"""Linear attention: Transformers are RNNs (Katharopoulos, Vyas, Pappas & Fleuret 2020,
arXiv:2006.16236, sections 3.2 to 3.4).

    q_t, k_t, v_t = x_t W                               of each head
    S_t = S_{t-1} + phi(k_t)^T v_t,  z_t = z_{t-1} + phi(k_t)
    y_t = phi(q_t) S_t / (phi(q_t) . z_t + 1e-6) W_o    phi(x) = elu(x) + 1

S_0 = z_0 = 0, vectors are rows: a mean of all values so far, weighted by how alike
query and key are, that forgets nothing. Time: O(T H^2 / P) for P heads and O(T H^2) for
the products, by chunks of 32 steps. State: H^2 / P + H numbers, and with a convolution
its 3 H (conv_size - 1).

The feature map and the normaliser are the paper's. Deviations: the common block, and no
position enters (the paper adds sinusoids to its inputs), so one layer without a
convolution reads a set; with conv_size above 0 it has that of delta_net. One head by
default.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import stack_blocks
from lib.models.heads import QKV, Past, check_heads, merge
from lib.models.stack import Pooling
from lib.ops.linear import project
from lib.ops.matrix_state import decay_scan
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Carry = tuple[Past, Float[Array, "B P K K+1"]]  # z is the last column


class LinearAttention(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int

    def setup(self) -> None:
        H = self.hidden_size
        self.read = QKV(H, self.num_heads, self.conv_size)
        self.W_o = self.param("W_o", nn.initializers.lecun_normal(), (H, H))

    def initial(self, batch_size: int) -> Carry:
        P, K = self.num_heads, self.hidden_size // self.num_heads
        return self.read.initial(batch_size), jnp.zeros((batch_size, P, K, K + 1))

    def step(self, carry: Carry, x: Float[Array, "B H"]) -> tuple[Carry, Array]:
        carry, y = self._run(carry, x[None], None, "sequential")
        return carry, y[0]

    def __call__(
        self, carry: Carry, x: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        return self._run(carry, x, reset, "auto")

    def _run(
        self, carry: Carry, x: Array, reset: Array | None, method: str
    ) -> tuple[Carry, Array]:
        past, (q, k, v) = self.read(carry[0], x, reset)
        q, k = jax.nn.elu(q) + 1, jax.nn.elu(k) + 1
        v = jnp.concatenate([v, jnp.ones_like(v[..., :1])], axis=-1)
        log_g = jnp.zeros_like(v[..., 0])
        y, S = decay_scan(q, k, v, log_g, carry[1], reset, method)
        y = y[..., :-1] / (y[..., -1:] + 1e-6)
        return (past, S), project(merge(y), self.W_o)


def make_linear_attention(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    num_heads: Size = 1,
    conv_size: Count = 0,
) -> Model:
    """Blocks of linear attention; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("linear_attention", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: LinearAttention(size, num_heads, conv_size),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
