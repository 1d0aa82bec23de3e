"""Gated DeltaNet: Gated delta networks, improving Mamba2 with delta rule (Yang, Kautz &
Hatamizadeh 2024, arXiv:2412.06464, equation 10 and section 3.4).

    q_t, k_t, v_t = silu(conv(x W))_t      of each head; q_t, k_t of length 1
    b_t = max_beta sigmoid(x_t W_b)        one number a head
    g_t = exp(-exp(a) softplus(x_t W_g + d))           one number a head, as in Mamba2
    S_t = g_t (I - b_t k_t^T k_t) S_{t-1} + b_t k_t^T v_t
    y_t = (norm(q_t S_t) * silu(x_t W_r)) W_o          norm: of each head

S_0 = 0, vectors are rows. Time: O(T H^2 / P) for P heads and O(T H^2) for the products,
by chunks of 32 steps. State: H^2 / P numbers and the convolution's 3 H (conv_size - 1).

Choices: softplus(d) starts at equal steps of its logarithm from 0.001 to 0.1 over the
heads, one head at 0.01, and exp(a) at 1. The authors' code draws them, log-uniform in
the same range and from (0, 16): of many heads some then remember, but with one or two
chance would decide how far a run does. Values are as wide as keys (theirs twice as
wide). One head by default: theirs are 256 wide.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import head_norm, stack_blocks
from lib.models.delta_net import Beta, Carry
from lib.models.heads import QKV, check_heads, merge, unit, zero_state
from lib.models.stack import Pooling
from lib.ops.delta_rule import delta_scan
from lib.ops.linear import project
from lib.setting import Count, Probability, Scalar, Size
from lib.types import Interface, Model, PRNGKey


class GatedDeltaNet(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int
    max_beta: Scalar

    def setup(self) -> None:
        H, P = self.hidden_size, self.num_heads
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.read = QKV(H, P, self.conv_size)
        self.W_b = self.param("W_b", dense, (H, P))
        self.W_g = self.param("W_g", dense, (H, P))
        self.a = self.param("a", zeros, (P,))
        self.d = self.param("d", init_rate, (P,))
        self.s = self.param("s", nn.initializers.ones, (H,))
        self.W_r = self.param("W_r", dense, (H, H))
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
        b = self.max_beta * jax.nn.sigmoid(project(x, self.W_b))
        rate = jax.nn.softplus(project(x, self.W_g, self.d))
        log_g = -jnp.exp(self.a)[None, None] * rate
        y, S = delta_scan(unit(q), unit(k), v, b, log_g, carry[1], reset, method)
        y = head_norm(merge(y), self.s, self.num_heads)
        y = y * jax.nn.silu(project(x, self.W_r))
        return (past, S), project(y, self.W_o)


def init_rate(key: PRNGKey, shape: tuple[int]) -> Float[Array, " P"]:
    """Numbers whose softplus is at the middles of P equal parts of log [0.001, 0.1]."""
    middle = (jnp.arange(shape[0], dtype=jnp.float32) + 0.5) / shape[0]
    rate = 0.001 * jnp.exp(jnp.log(100.0) * middle)
    return rate + jnp.log(-jnp.expm1(-rate))


def make_gated_delta_net(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    num_heads: Size = 1,
    conv_size: Count = 4,
    max_beta: Beta = 1.0,
) -> Model:
    """Blocks of gated delta rules; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("gated_delta_net", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: GatedDeltaNet(size, num_heads, conv_size, max_beta),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
