"""Mamba: Linear-time sequence modeling with selective state spaces
(Gu & Dao 2023, arXiv:2312.00752, sections 3.2 to 3.4, algorithm 2, figure 3).

    (x_t, z_t)     = v_t W_in                            E = expand H channels each
    u_t            = silu(conv(x)_t + b)                 over the last d_conv steps
    (d_t, B_t, C_t) = u_t W_x                            dt_rank, N and N numbers
    delta_t        = softplus(d_t W_delta + b_delta)
    h_t            = exp(delta_t A) * h_{t-1} + delta_t B_t u_t       h, A [N, E]
    y_t            = ((C_t h_t + D * u_t) * silu(z_t)) W_out

h_0 = 0 and zeros before the first x; v_t is the block's normalised input (lib.models.
block), with no MLP beside by default, as the paper's network is mixings alone. Each
channel has its own N numbers of state, and the input chooses how much of them is kept.
Time: T steps of O(N E) in a row on a CPU, log T rounds on an accelerator. A layer
carries N E numbers and the last d_conv - 1 inputs of the convolution.

Named choices, all as in the authors' code: A = -exp(log_A) real and diagonal, started
at -1, -2, ..., -N in every channel (S4D-Real); A by zero-order hold, B by delta B;
dt_rank H / 16 rounded up; W_delta uniform within dt_rank^(-1/2); b_delta such that
delta starts log-uniform in [dt_min, dt_max]; D starts at 1. The biases of W_in and
W_out are left out. Deviations: A is stored [N, E]; matrices start lecun normal and K
uniform within d_conv^(-1/2), as torch starts a convolution; the step of the
residual is the shared block's.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import stack_blocks
from lib.models.initializer import log_uniform, uniform_within
from lib.models.stack import Pooling
from lib.ops.depthwise import short_convolution, step_convolution
from lib.ops.linear import project
from lib.ops.selective_scan import selective_scan, selective_step
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model, PRNGKey

# The state h and the inputs of the convolution before the next step.
Carry = tuple[Float[Array, "B N E"], Float[Array, "B P E"]]


class Mamba(nn.Module):
    hidden_size: int
    state_size: int
    expand: int
    d_conv: int
    dt_rank: int
    dt_min: Scalar
    dt_max: Scalar

    def setup(self) -> None:
        H, N, R = self.hidden_size, self.state_size, self.dt_rank
        E = self.expand * H
        dense, ones = nn.initializers.lecun_normal(), nn.initializers.ones
        self.W_in = self.param("W_in", dense, (H, 2 * E))
        self.K = self.param("K", uniform_within(self.d_conv**-0.5), (self.d_conv, E))
        self.b = self.param("b", nn.initializers.zeros, (E,))
        self.W_x = self.param("W_x", dense, (E, R + 2 * N))
        self.W_delta = self.param("W_delta", uniform_within(R**-0.5), (R, E))
        self.b_delta = self.param("b_delta", self._init_b_delta, (E,))
        self.log_A = self.param("log_A", lambda _: _init_log_A(N, E))
        self.D = self.param("D", ones, (E,))
        self.W_out = self.param("W_out", dense, (E, H))

    def initial(self, batch_size: int) -> Carry:
        E = self.expand * self.hidden_size
        past = jnp.zeros((batch_size, self.d_conv - 1, E))
        return jnp.zeros((batch_size, self.state_size, E)), past

    def step(self, carry: Carry, v: Float[Array, "B H"]) -> tuple[Carry, Array]:
        h, past = carry
        x, z = jnp.split(project(v, self.W_in), 2, axis=-1)
        x, past = step_convolution(x, past, self.K)
        u = jax.nn.silu(x + self.b[None, :])
        y, h = selective_step(*self._select(u), -jnp.exp(self.log_A), h)
        return (h, past), self._output(y + self.D[None, :] * u, z)

    def __call__(
        self, carry: Carry, v: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        h, past = carry
        x, z = jnp.split(project(v, self.W_in), 2, axis=-1)
        x, past = short_convolution(x, past, self.K, reset)
        u = jax.nn.silu(x + self.b[None, None, :])
        y, h = selective_scan(*self._select(u), -jnp.exp(self.log_A), h, reset)
        return (h, past), self._output(y + self.D[None, None, :] * u, z)

    def _select(
        self, u: Float[Array, "*T B E"]
    ) -> tuple[Float[Array, "*T B E"], Array, Array, Array]:
        """delta, u, B and C."""
        R, N = self.dt_rank, self.state_size
        d, B, C = jnp.split(project(u, self.W_x), (R, R + N), axis=-1)
        delta = jax.nn.softplus(project(d, self.W_delta, self.b_delta))
        return delta, u, B, C

    def _output(
        self, y: Float[Array, "*T B E"], z: Float[Array, "*T B E"]
    ) -> Float[Array, "*T B H"]:
        return project(y * jax.nn.silu(z), self.W_out)

    def _init_b_delta(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " E"]:
        delta = jnp.exp(log_uniform(self.dt_min, self.dt_max)(key, shape))
        return delta + jnp.log(-jnp.expm1(-delta))  # softplus of it is delta


def _init_log_A(N: int, E: int) -> Float[Array, "N E"]:
    rows = jnp.log(jnp.arange(1, N + 1, dtype=jnp.float32))
    return jnp.broadcast_to(rows[:, None], (N, E))


def make_mamba(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    state_size: Size = 16,
    expand: Size = 2,
    d_conv: Size = 4,
    dt_rank: Count = 0,
    dt_min: TracedPositive = 0.001,
    dt_max: TracedPositive = 0.1,
) -> Model:
    """A network of `num_layers` blocks around a selective state space.

    `state_size` is N, the numbers of state a channel; dt_rank 0: a sixteenth of
    hidden_size, rounded up.
    """
    rank = dt_rank or -(-hidden_size // 16)
    return stack_blocks(
        interface,
        lambda H: Mamba(H, state_size, expand, d_conv, rank, dt_min, dt_max),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
