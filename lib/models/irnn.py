"""IRNN: A simple way to initialize recurrent networks of rectified linear units
(Le, Jaitly & Hinton 2015, arXiv:1504.00941, section 3).

    h_t = relu(U x_t + W h_{t-1} + b)
    y_t = V h_t + c

h_0 = 0. W starts as the identity times `scale`, b at zero: a state above zero is then
kept as it is where nothing is read, and errors come back through time as they are.
`scale` below 1 forgets, 0.01 in the paper's speech task. Time: T steps in a row, each
O(H^2). A layer carries H numbers.

Named choices: U starts normal with deviation `input_std`, the paper's 0.001 by default.
The readout V starts as in all models here, lecun normal, where the paper has 0.001 too.
The paper clips gradients, at 1 to 100 by task: `optimizer.clip_norm`. Vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from lib.models.prepared import with_prepared_step
from lib.models.stack import Direction, Pooling, stack
from lib.ops.linear import project
from lib.ops.recurrence import recurrence
from lib.ops.rnn import relu_cell
from lib.setting import Count, Probability, Scalar, Size, TracedPositive
from lib.types import Interface, Model, PRNGKey

Hidden = Float[Array, "B H"]


class IRNN(nn.Module):
    input_size: int
    hidden_size: int
    scale: Scalar
    input_std: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", self._init_U, (D, H))
        self.W = self.param("W", lambda _: self.scale * jnp.eye(H))
        self.b = self.param("b", nn.initializers.zeros, (H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        h = jax.nn.relu(project(x, self.U, self.b) + h @ self.W)
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        weights = self.U, self.W, self.b
        (h,), all_h = recurrence(relu_cell, x, *weights, (h,), reset)
        return h, all_h

    def _init_U(self, key: PRNGKey, shape: tuple[int, int]) -> Float[Array, "D H"]:
        return self.input_std * jax.random.normal(key, shape)


def make_irnn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    scale: TracedPositive = 1.0,
    input_std: TracedPositive = 0.001,
) -> Model:
    """A network of `num_layers` rectified layers that start as the identity.

    `scale` is W's diagonal at the start, `input_std` the deviation of U.
    """
    model = stack(
        interface,
        lambda _, size: IRNN(size, hidden_size, scale, input_std),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
    if pooling != "last" or direction == "both":
        return model
    ones = np.ones(hidden_size, np.float32)
    return with_prepared_step(model, interface, relu_cell, ones, num_layers)
