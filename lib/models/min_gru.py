"""Minimal gated recurrent unit: Were RNNs all we needed?
(Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, arXiv:2410.01201, section 3.1).

    z_t = sigmoid(U_z x_t + b_z)                        update gate
    n_t = U_n x_t + b_n                                 candidate
    h_t = (1 - z_t) * h_{t-1} + z_t * n_t

h_0 = 0. No gate sees h: the recurrence is linear and its factor 1 - z_t depends on the
input alone. Time: T steps of O(H) in a row on a CPU, log T rounds on an accelerator;
the products are over all steps at once. A layer carries H numbers.

Named choices. The recurrence is computed in value space. The authors' code computes it
in log space, which needs positive candidates: candidate "positive" is theirs (appendix
B.2), g(n_t) for n_t, with g(a) = a + 1/2 for a >= 0 and sigmoid(a) below. It starts at
a positive state too; here h_0 = 0 for both. 1 - z_t starts at the sigmoid of
`forget_bias`, whose default is the lstm's here: with a gate at 1/2, as a bias of zero
makes it, no gradient comes back over 32 steps. With `chrono_max` it is spread over time
scales instead (Tallec & Ollivier 2018, arXiv:1804.11188).
Weights as in Glorot & Bengio 2010. U [D, 2H] holds U_z, U_n side by side. Of the
paper's network only the cell is here: no expansion of the state, no convolution, no MLP
between layers.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import chrono_bias, input_gates
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
Candidate = Literal["linear", "positive"]


class MinGRU(nn.Module):
    input_size: int
    hidden_size: int
    candidate: Candidate
    forget_bias: Scalar
    chrono_max: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(2), (D, 2 * H))
        self.b = self.param("b", self._init_bias, (2 * H,))

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
        """1 - z_t and z_t n_t."""
        a_z, n = jnp.split(project(x, self.U, self.b), 2, axis=-1)
        z = jax.nn.sigmoid(a_z)
        if self.candidate == "positive":
            n = positive(n)
        return 1 - z, z * n

    def _init_bias(self, key: PRNGKey, shape: tuple[int]) -> Float[Array, " G"]:
        size = shape[0] // 2
        b_f = chrono_bias(key, size, self.forget_bias, self.chrono_max)
        return jnp.concatenate([-b_f, jnp.zeros((size,))])


def positive(a: Array) -> Array:
    """g of the paper's appendix B.2: a + 1/2 for a >= 0, sigmoid(a) below."""
    return jnp.where(a >= 0, a + 0.5, jax.nn.sigmoid(a))


def make_min_gru(
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
    """A network of `num_layers` minimal gated recurrent layers.

    chrono_max is the longest dependency to expect, in steps; 0: no chrono
    initialisation; above 2 it takes the place of forget_bias.
    """
    return stack(
        interface,
        lambda _, size: MinGRU(size, hidden_size, candidate, forget_bias, chrono_max),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
