"""Elman network: Finding structure in time (Elman 1990, Cognitive Science 14, 179-211).

    h_t = tanh(U x_t + W h_{t-1} + b)
    y_t = V h_t + c

U, W, b, V, c are shared across time; h_0 = 0. Time: T steps in a row, each O(H^2);
memory for the gradient: T states.

W starts as a random rotation, as the identity (Le, Jaitly & Hinton 2015,
arXiv:1504.00941), or normal with variance 1 / H. Vectors are rows: U is stored [D, H].
In a stack, layer_0 holds U, W, b and the readout V, c.
"""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from lib.models.initializer import RecurrentInit, input_gates, recurrent_matrix
from lib.models.prepared import with_prepared_step
from lib.models.stack import Direction, Pooling, stack
from lib.ops.dispatch import run_cell
from lib.ops.rnn import rnn_cell
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Hidden = Float[Array, "B H"]


class RNN(nn.Module):
    input_size: int
    hidden_size: int
    recurrent_init: RecurrentInit

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(1), (D, H))
        self.W = self.param("W", recurrent_matrix(self.recurrent_init), (H, H))
        self.b = self.param("b", nn.initializers.zeros, (H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        h = jnp.tanh(x @ self.U + h @ self.W + self.b[None, :])
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        weights = self.U, self.W, self.b
        (h,), all_h = run_cell("rnn", rnn_cell, x, *weights, (h,), reset)
        return h, all_h


def make_rnn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    recurrent_init: RecurrentInit = "orthogonal",
) -> Model:
    """An Elman network of `num_layers` layers."""
    model = stack(
        interface,
        lambda _, size: RNN(size, hidden_size, recurrent_init),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
    if pooling != "last" or direction == "both":
        return model
    scale = np.ones(hidden_size, np.float32)
    return with_prepared_step(model, interface, rnn_cell, scale, num_layers)
