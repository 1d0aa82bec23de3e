"""Minimal long short-term memory: Were RNNs all we needed?
(Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, arXiv:2410.01201, section 3.2).

    f_t = sigmoid(U_f x_t + b_f)                        forget gate
    i_t = sigmoid(U_i x_t + b_i)                        input gate
    n_t = U_n x_t + b_n                                 candidate
    h_t = f_t / (f_t + i_t) * h_{t-1} + i_t / (f_t + i_t) * n_t

h_0 = 0. No gate sees h, the two factors add up to 1, and there is no output gate and no
cell beside h. Time: T steps of O(H) in a row on a CPU, log T rounds on an accelerator;
the products are over all steps at once. A layer carries H numbers.

Named choices. The recurrence is computed in value space, with the first factor as
sigmoid(log f_t - log i_t), which is finite where both gates underflow; candidate
"positive" is that of the authors' form in log space, as in min_gru. b_f starts at
`forget_bias`, as the lstm's here; with `chrono_max` it is spread over time scales and
b_i = -b_f (Tallec & Ollivier 2018, arXiv:1804.11188).
Weights as in Glorot & Bengio 2010. U [D, 3H] holds U_f, U_i, U_n side by side. Of the
paper's network only the cell is here.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import chrono_bias, input_gates
from lib.models.min_gru import Candidate, positive
from lib.models.stack import Direction, Pooling, stack
from lib.ops.dispatch import run_diagonal
from lib.ops.linear import project
from lib.setting import (
    Count,
    Probability,
    Scalar,
    Size,
    TracedFloat,
    TracedNonNegative,
)
from lib.types import Interface, Model, PRNGKey

Hidden = Float[Array, "B H"]


class MinLSTM(nn.Module):
    input_size: int
    hidden_size: int
    candidate: Candidate
    forget_bias: Scalar
    chrono_max: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(3), (D, 3 * H))
        self.b = self.param("b", self._init_bias, (3 * H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        kept, new = self._gates(x)
        h = kept * h + new
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        all_h = run_diagonal(*self._gates(x), h, reset)
        return all_h[-1], all_h

    def _gates(self, x: Float[Array, "*T B D"]) -> tuple[Array, Array]:
        """The factor of h_{t-1}, and what is added to it."""
        a_f, a_i, n = jnp.split(project(x, self.U, self.b), 3, axis=-1)
        # log sigmoid(a) = -softplus(-a)
        f = jax.nn.sigmoid(jax.nn.softplus(-a_i) - jax.nn.softplus(-a_f))
        if self.candidate == "positive":
            n = positive(n)
        return f, (1 - f) * n

    def _init_bias(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " G"]:
        size = shape[0] // 3
        b_f = chrono_bias(key, size, self.forget_bias, self.chrono_max)
        is_chrono = jnp.float32(self.chrono_max) > 2
        b_i = jnp.where(is_chrono, -b_f, jnp.zeros_like(b_f))
        return jnp.concatenate([b_f, b_i, jnp.zeros((size,))])


def make_min_lstm(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    candidate: Candidate = "linear",
    forget_bias: TracedFloat = 1.0,
    chrono_max: TracedNonNegative = 0.0,
) -> Model:
    """A network of `num_layers` minimal LSTM layers.

    chrono_max is the longest dependency to expect, in steps; 0: no chrono
    initialisation; above 2 it takes the place of forget_bias.
    """
    return stack(
        interface,
        lambda _, size: MinLSTM(size, hidden_size, candidate, forget_bias, chrono_max),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
