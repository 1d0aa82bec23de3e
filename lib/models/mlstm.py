"""mLSTM: xLSTM, extended long short-term memory (Beck et al. 2024, arXiv:2405.04517,
section 2.3).

    u_t = silu(conv(x))_t,   q_t = u_t W_q,   k_t = u_t W_k / sqrt(K),   v_t = x_t W_v
    C_t = f_t C_{t-1} + i_t k_t^T v_t       i_t = exp(x_t W_i + b_i)
    n_t = f_t n_{t-1} + i_t k_t             f_t = sigmoid(x_t W_f + b_f), one a head
    h_t = q_t C_t / max(|q_t . n_t|, 1)
    y_t = (sigmoid(x_t W_r + b_r) * norm(h_t)) W_o        norm: of each head

C_0 = n_0 = 0, vectors are rows; the gates' exponents are kept finite by the state m
(lib/ops/mlstm.py). Time: O(T H^2 / P) for P heads and O(T H^2) for the products, by
chunks of 32 steps. State: H^2 / P + H numbers, P of m, and the convolution's
H (conv_size - 1).

Choices: of the forget gate's two forms the sigmoid, and gates that read x alone with
W_i = W_f = b_i = 0 and b_f = 3 to 6 over the heads at the start, as in the authors'
code (whose b_i is drawn near 0). Deviations: the common block, so no projection to
twice the width around the cell and no skip from u; norms are root mean square. One head
by default (theirs are 4, each at least 64 wide).
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import head_norm, stack_blocks
from lib.models.heads import Past, check_heads, init_taps, merge, no_past, split
from lib.models.stack import Pooling
from lib.ops.depthwise import short_convolution
from lib.ops.linear import project
from lib.ops.mlstm import Memory, mlstm_scan
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Carry = tuple[Past, Memory]


class MLSTM(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int

    def setup(self) -> None:
        H, P = self.hidden_size, self.num_heads
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        if self.conv_size:
            self.K = self.param("K", init_taps, (self.conv_size, H))
        self.W_q = self.param("W_q", dense, (H, H))
        self.W_k = self.param("W_k", dense, (H, H))
        self.W_v = self.param("W_v", dense, (H, H))
        self.W_i = self.param("W_i", zeros, (H, P))
        self.b_i = self.param("b_i", zeros, (P,))
        self.W_f = self.param("W_f", zeros, (H, P))
        self.b_f = self.param(
            "b_f", lambda key, shape: jnp.linspace(3, 6, *shape), (P,)
        )
        self.W_r = self.param("W_r", dense, (H, H))
        self.b_r = self.param("b_r", zeros, (H,))
        self.s = self.param("s", nn.initializers.ones, (H,))
        self.W_o = self.param("W_o", dense, (H, H))

    def initial(self, batch_size: int) -> Carry:
        P, K = self.num_heads, self.hidden_size // self.num_heads
        past = no_past(batch_size, self.conv_size, self.hidden_size)
        S, m = jnp.zeros((batch_size, P, K, K + 1)), jnp.zeros((batch_size, P))
        return past, (S, m)

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
        (past, memory), u, P = carry, x, self.num_heads
        if self.conv_size:
            u, past = short_convolution(x, past, self.K, reset)
            u = jax.nn.silu(u)
        q, k = split(project(u, self.W_q), P), split(project(u, self.W_k), P)
        k = k * k.shape[-1] ** -0.5
        v = split(project(x, self.W_v), P)
        log_i = project(x, self.W_i, self.b_i)
        log_f = jax.nn.log_sigmoid(project(x, self.W_f, self.b_f))
        h, memory = mlstm_scan(q, k, v, log_i, log_f, memory, reset, method)
        y = head_norm(merge(h), self.s, P)
        y = jax.nn.sigmoid(project(x, self.W_r, self.b_r)) * y
        return (past, memory), project(y, self.W_o)


def make_mlstm(
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
) -> Model:
    """Blocks of LSTMs with a matrix memory; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("mlstm", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: MLSTM(size, num_heads, conv_size),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
