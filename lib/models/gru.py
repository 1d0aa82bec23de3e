"""Gated recurrent unit: Learning phrase representations (Cho et al. 2014,
arXiv:1406.1078v1, section 2.3).

    r_t = sigmoid(U_r x_t + W_r h_{t-1} + b_r)
    z_t = sigmoid(U_z x_t + W_z h_{t-1} + b_z)
    n_t = tanh(U_n x_t + r_t * (W_n h_{t-1}) + b_n)
    h_t = z_t * h_{t-1} + (1 - z_t) * n_t

h_0 = 0. Time: T steps in a row, each O(3 H^2); memory for the gradient: T states.

The reset gate multiplies W_n h, as in the paper's first version and in cuDNN; later
versions multiply h. There is no second bias beside W_n (cuDNN has one). U [D, 3H],
W [H, 3H] and b hold the gates in the order r, z, n; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import input_gates, recurrent_gates
from lib.models.prepared import with_prepared_step
from lib.models.stack import Direction, Pooling, stack
from lib.ops.dispatch import run_cell
from lib.ops.gru import gru_cell, gru_scale
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Hidden = Float[Array, "B H"]


class GRU(nn.Module):
    input_size: int
    hidden_size: int

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(3), (D, 3 * H))
        self.W = self.param("W", recurrent_gates(3), (H, 3 * H))
        self.b = self.param("b", nn.initializers.zeros, (3 * H,))

    def initial(self, batch_size: int) -> Hidden:
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h: Hidden, x: Float[Array, "B D"]) -> tuple[Hidden, Hidden]:
        a_r, a_z, a_n = jnp.split(x @ self.U + self.b[None, :], 3, axis=-1)
        u_r, u_z, u_n = jnp.split(h @ self.W, 3, axis=-1)
        r, z = jax.nn.sigmoid(a_r + u_r), jax.nn.sigmoid(a_z + u_z)
        n = jnp.tanh(a_n + r * u_n)
        h = z * h + (1 - z) * n
        return h, h

    def __call__(
        self, h: Hidden, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Hidden, Float[Array, "T B H"]]:
        weights, scale = (self.U, self.W, self.b), gru_scale(self.hidden_size)
        (h,), all_h = run_cell("gru", gru_cell, x, *weights, (h,), reset, scale)
        return h, all_h


def make_gru(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
) -> Model:
    """A network of `num_layers` gated recurrent layers."""
    model = stack(
        interface,
        lambda _, size: GRU(size, hidden_size),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
    if pooling != "last" or direction == "both":
        return model
    scale = gru_scale(hidden_size)
    return with_prepared_step(model, interface, gru_cell, scale, num_layers)
