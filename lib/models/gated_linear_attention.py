"""Gated linear attention (GLA): Gated linear attention transformers with
hardware-efficient training (Yang, Wang, Shen, Panda & Kim 2023, arXiv:2312.06635,
sections 4.1 and 4.4).

    q_t, k_t, v_t = x_t W                                of each head
    g_t = sigmoid(x_t A_1 A_2 + a)^(1 / tau)             a number for each of K
    S_t = diag(g_t) S_{t-1} + k_t^T v_t
    y_t = (norm(q_t S_t) * silu(x_t W_r + b_r)) W_o      norm: of each head

S_0 = 0, vectors are rows; A_1 is [H, gate_rank]. Time: O(T H^2 / P) for P heads and
O(T H^2) for the products, by chunks of 16 steps. State: H^2 / P numbers, and with a
convolution its 3 H (conv_size - 1).

The gate is the paper's vector over key channels; tau = 16 and gate_rank = 16 are the
paper's too. Choices: keys are as wide as values (the paper's half as wide), the norm is
over the root of the mean square (as in the authors' code; the paper writes LayerNorm),
q needs no scale because what it reads is normalised. The paper has no convolution; with
conv_size above 0 it has that of delta_net. One head by default: theirs are wider.
"""

import flax.linen as nn
import jax
from jaxtyping import Array, Bool, Float

from lib.models.block import head_norm, stack_blocks
from lib.models.heads import QKV, Past, check_heads, merge, split, zero_state
from lib.models.stack import Pooling
from lib.ops.linear import project
from lib.ops.matrix_state import decay_scan
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model

Carry = tuple[Past, Float[Array, "B P K K"]]


class GatedLinearAttention(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int
    gate_rank: int
    tau: Scalar

    def setup(self) -> None:
        H, R = self.hidden_size, self.gate_rank
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.read = QKV(H, self.num_heads, self.conv_size)
        self.A_1 = self.param("A_1", dense, (H, R))
        self.A_2 = self.param("A_2", dense, (R, H))
        self.a = self.param("a", zeros, (H,))
        self.s = self.param("s", nn.initializers.ones, (H,))
        self.W_r = self.param("W_r", dense, (H, H))
        self.b_r = self.param("b_r", zeros, (H,))
        self.W_o = self.param("W_o", dense, (H, H))

    def initial(self, batch_size: int) -> Carry:
        S = zero_state(batch_size, self.hidden_size, self.num_heads)
        return self.read.initial(batch_size), S

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
        gate = project(project(x, self.A_1), self.A_2, self.a)
        log_g = split(jax.nn.log_sigmoid(gate) / self.tau, self.num_heads)
        y, S = decay_scan(q, k, v, log_g, carry[1], reset, method)
        y = head_norm(merge(y), self.s, self.num_heads)
        y = y * jax.nn.silu(project(x, self.W_r, self.b_r))
        return (past, S), project(y, self.W_o)


def make_gated_linear_attention(
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
    gate_rank: Size = 16,
    tau: TracedPositive = 16.0,
) -> Model:
    """Blocks of gated linear attention; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("gated_linear_attention", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: GatedLinearAttention(size, num_heads, conv_size, gate_rank, tau),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
