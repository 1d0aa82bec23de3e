"""Real-gated linear recurrent unit: Griffin (De, Smith et al. 2024, arXiv:2402.19427,
sections 2.3 and 2.4, equations 1 to 4).

    (x_t, g_t) = v_t W_in                               R channels each
    u_t        = conv(x)_t + b_conv                     over the last d_conv steps
    r_t        = sigmoid(u_t W_a + b_a)                 recurrence gate
    i_t        = sigmoid(u_t W_x + b_x)                 input gate
    a_t        = a^(c r_t),  a = sigmoid(Lambda),  c = 8
    h_t        = a_t * h_{t-1} + sqrt(1 - a_t^2) * (i_t * u_t)
    y_t        = (h_t * gelu(g_t)) W_out

h_0 = 0 and zeros before the first x; v_t is the block's normalised input (lib.models.
block). No gate sees h, and a gate closes towards keeping h, not towards dropping it.
Time: T steps of O(R) in a row on a CPU, log T rounds on an accelerator; the products
are over all steps at once. A layer carries R numbers and d_conv - 1 inputs.

Lambda starts where a^c is uniform in [a_min, a_max], as the paper says; in the authors'
code it is a whose square is uniform between the squares of these bounds. R is expand H,
rounded: the paper's 4/3. Named choices: log a_t is -c r_t softplus(-Lambda), and
1 - a_t^2 comes of expm1, so that neither loses digits as a_t nears 1; the gates'
matrices are full (in the authors' large models block-diagonal); W_in and W_out have no
biases. Deviations: the first input of a sequence is scaled by sqrt(1 - a_t^2) like any
other, as equation 4 has it (the authors' code leaves it unscaled); the MLP that follows
each mixing in the paper is the shared block's, left out by default; K starts uniform
within d_conv^(-1/2).
"""

from typing import Annotated

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.block import stack_blocks
from lib.models.initializer import uniform_within
from lib.models.stack import Pooling
from lib.ops.depthwise import short_convolution, step_convolution
from lib.ops.dispatch import run_diagonal
from lib.ops.linear import project
from lib.setting import (
    Bound,
    Count,
    Positive,
    Probability,
    Scalar,
    Size,
    Traced,
)
from lib.types import Interface, Model, PRNGKey

# The state h and the inputs of the convolution before the next step.
Carry = tuple[Float[Array, "B R"], Float[Array, "B P R"]]
TracedDecay = Annotated[Scalar, Bound(1e-6, 1 - 1e-6), Traced()]

_C = 8.0


class RGLRU(nn.Module):
    hidden_size: int
    width: int
    d_conv: int
    a_min: Scalar
    a_max: Scalar

    def setup(self) -> None:
        H, R = self.hidden_size, self.width
        dense, zeros = nn.initializers.lecun_normal(), nn.initializers.zeros
        self.W_in = self.param("W_in", dense, (H, 2 * R))
        self.K = self.param("K", uniform_within(self.d_conv**-0.5), (self.d_conv, R))
        self.b_conv = self.param("b_conv", zeros, (R,))
        self.W_a = self.param("W_a", dense, (R, R))
        self.b_a = self.param("b_a", zeros, (R,))
        self.W_x = self.param("W_x", dense, (R, R))
        self.b_x = self.param("b_x", zeros, (R,))
        self.Lambda = self.param("Lambda", self._init_Lambda, (R,))
        self.W_out = self.param("W_out", dense, (R, H))

    def initial(self, batch_size: int) -> Carry:
        past = jnp.zeros((batch_size, self.d_conv - 1, self.width))
        return jnp.zeros((batch_size, self.width)), past

    def step(self, carry: Carry, v: Float[Array, "B H"]) -> tuple[Carry, Array]:
        h, past = carry
        x, g = jnp.split(project(v, self.W_in), 2, axis=-1)
        u, past = step_convolution(x, past, self.K)
        a, drive = self._gates(u + self.b_conv[None, :])
        h = a * h + drive
        return (h, past), project(h * jax.nn.gelu(g), self.W_out)

    def __call__(
        self, carry: Carry, v: Float[Array, "T B H"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Carry, Float[Array, "T B H"]]:
        h, past = carry
        x, g = jnp.split(project(v, self.W_in), 2, axis=-1)
        u, past = short_convolution(x, past, self.K, reset)
        all_h = run_diagonal(*self._gates(u + self.b_conv[None, None, :]), h, reset)
        return (all_h[-1], past), project(all_h * jax.nn.gelu(g), self.W_out)

    def _gates(self, u: Float[Array, "*T B R"]) -> tuple[Array, Array]:
        """a_t, and what is added to a_t h_{t-1}."""
        r = jax.nn.sigmoid(project(u, self.W_a, self.b_a))
        i = jax.nn.sigmoid(project(u, self.W_x, self.b_x))
        rate = -_C * jax.nn.softplus(-self.Lambda)  # log a^c
        log_a = r * rate.reshape(*[1] * (u.ndim - 1), -1)
        # The root has no finite slope at 0, where r underflows.
        left = jnp.maximum(-jnp.expm1(2 * log_a), jnp.float32(1e-30))
        return jnp.exp(log_a), jnp.sqrt(left) * i * u

    def _init_Lambda(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " R"]:
        low, high = jnp.float32(self.a_min), jnp.float32(self.a_max)
        log_a = jnp.log(jax.random.uniform(key, shape, minval=low, maxval=high)) / _C
        return log_a - jnp.log(-jnp.expm1(log_a))  # the logit of a


def make_rg_lru(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    mlp_factor: Count = 0,
    expand: Positive = 4 / 3,
    d_conv: Size = 4,
    a_min: TracedDecay = 0.9,
    a_max: TracedDecay = 0.999,
) -> Model:
    """A network of `num_layers` blocks around a real-gated linear recurrent unit.

    a_min and a_max bound what an open recurrence gate keeps a step, at the start;
    `expand` is the recurrence's width over hidden_size.
    """
    return stack_blocks(
        interface,
        lambda H: RGLRU(H, max(1, round(expand * H)), d_conv, a_min, a_max),
        hidden_size,
        num_layers=num_layers,
        mlp_factor=mlp_factor,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
    )
