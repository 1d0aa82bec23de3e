"""sLSTM: xLSTM, extended long short-term memory (Beck et al. 2024, arXiv:2405.04517,
section 2.2).

    u_t = silu(conv(x))_t
    a_t = (u_t U_1, x_t U_2) + h_{t-1} R + b     of (i, f) and of (z, o)
    c_t = f_t * c_{t-1} + i_t * tanh(a_z)        i_t = exp(a_i), f_t = sigmoid(a_f)
    n_t = f_t * n_{t-1} + i_t
    h_t = sigmoid(a_o) * c_t / n_t
    y_t = norm(h_t)                              norm: of each head

h_0 = c_0 = n_0 = 0, vectors are rows; R joins numbers of the same head only, a matrix
of blocks on the diagonal; the exponents are kept finite by the state m
(lib/ops/slstm.py). Time: T steps in a row, each O(4 H^2), as the blocks of R stand in a
dense matrix whatever the number of heads, and O(T H^2) for the products with inputs.
State: 4 H numbers, the convolution's H (conv_size - 1).

Choices: of the forget gate's two forms the sigmoid, R = 0 and b = 0 but b_f from 3 to 6
over each head at the start, all as in the authors' code (its setting small_init; its
default b_f falls from 5 to -7, by which most cells forget at once). Deviations: the
common block, whose MLP is not gated and absent by default; U is dense, not by heads;
the norm is root mean square. One head by default (theirs are 4): R is then dense. R is
stored by blocks [P, K, 4, K].
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import head_norm, stack_blocks
from lib.models.heads import Past, check_heads, init_taps, no_past
from lib.models.stack import Pooling
from lib.ops.cell import State
from lib.ops.depthwise import short_convolution
from lib.ops.linear import project_each
from lib.ops.recurrence import recurrence
from lib.ops.slstm import slstm_cell
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey

Carry = tuple[Past, State]


class SLSTM(nn.Module):
    hidden_size: int
    num_heads: int
    conv_size: int

    def setup(self) -> None:
        H, P = self.hidden_size, self.num_heads
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        if self.conv_size:
            self.K = self.param("K", init_taps, (self.conv_size, H))
        self.U_1 = self.param("U_1", dense, (H, 2 * H))
        self.U_2 = self.param("U_2", dense, (H, 2 * H))
        self.R = self.param("R", zeros, (P, H // P, 4, H // P))
        self.b = self.param("b", self._init_b, (4 * H,))
        self.s = self.param("s", nn.initializers.ones, (H,))

    def initial(self, batch_size: int) -> Carry:
        zeros = jnp.zeros((batch_size, self.hidden_size))
        past = no_past(batch_size, self.conv_size, self.hidden_size)
        return past, (zeros, zeros, zeros, zeros)

    def step(self, carry: Carry, x: Float[Array, "B H"]) -> tuple[Carry, Array]:
        (past, state), u = self._read(carry, x[None], None)
        z = project_each((u[0], x), (self.U_1, self.U_2), self.b)
        W = self._recurrent_matrix()
        state = slstm_cell.step(z, state[0] @ W, state)
        return (past, state), head_norm(state[0], self.s, self.num_heads)

    def __call__(
        self, carry: Carry, x: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        (past, state), u = self._read(carry, x, reset)
        both, U, W = (u, x), (self.U_1, self.U_2), self._recurrent_matrix()
        state, h = recurrence(slstm_cell, both, U, W, self.b, state, reset)
        return (past, state), head_norm(h, self.s, self.num_heads)

    def _read(
        self, carry: Carry, x: Float[Array, "T B H"], reset: Array | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        """u, what the gates i and f read of the inputs."""
        (past, state), u = carry, x
        if self.conv_size:
            u, past = short_convolution(x, past, self.K, reset)
            u = jax.nn.silu(u)
        return (past, state), u

    def _recurrent_matrix(self) -> Float[Array, "H G"]:
        """R with its blocks in place."""
        W = self.R
        if self.num_heads > 1:
            one = jnp.eye(self.num_heads)
            W = W[:, :, :, None] * one[:, None, None, :, None]  # [P, K, 4, P, K]
        return W.reshape(self.hidden_size, 4 * self.hidden_size)

    def _init_b(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " G"]:
        head = jnp.linspace(3, 6, self.hidden_size // self.num_heads)
        forget = jnp.tile(head, self.num_heads)
        zeros = jnp.zeros_like(forget)
        return jnp.concatenate([zeros, forget, zeros, zeros])


def make_slstm(
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
    """Blocks of LSTMs with exponential gates; `conv_size` in steps, 0: no convolution.

    ValueError where hidden_size is not divisible by num_heads.
    """
    check_heads("slstm", hidden_size, num_heads)
    return stack_blocks(
        interface,
        lambda size: SLSTM(size, num_heads, conv_size),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
