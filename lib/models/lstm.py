"""Long short-term memory (Hochreiter & Schmidhuber 1997, Neural Computation 9(8)), with
forget gates: Learning to forget (Gers, Schmidhuber & Cummins 2000, Neural Computation
12(10)).

    i_t, f_t, o_t = sigmoid(U_k x_t + W_k h_{t-1} + b_k)   for k = i, f, o
    g_t = tanh(U_g x_t + W_g h_{t-1} + b_g)
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t)

h_0 = c_0 = 0. Time: T steps in a row, each O(4 H^2); memory for the gradient: T states.

b_f starts at forget_bias (1: Jozefowicz, Zaremba & Sutskever 2015), or by chrono
initialisation for dependencies of up to chrono_max steps (Tallec & Ollivier 2018,
arXiv:1804.11188). No peephole connections. U [D, 4H], W [H, 4H] and b hold the gates in
the order i, f, g, o; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.initializer import input_gates, lstm_bias, recurrent_gates
from lib.models.prepared import with_prepared_step
from lib.models.stack import Direction, Pooling, stack
from lib.ops.dispatch import run_cell
from lib.ops.lstm import lstm_cell, lstm_scale
from lib.setting import Count, Probability, Scalar, Size, TracedFloat, TracedNonNegative
from lib.types import Interface, Model

Hidden = Float[Array, "B H"]
State = tuple[Hidden, Hidden]


class LSTM(nn.Module):
    input_size: int
    hidden_size: int
    forget_bias: Scalar
    chrono_max: Scalar

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        self.U = self.param("U", input_gates(4), (D, 4 * H))
        self.W = self.param("W", recurrent_gates(4), (H, 4 * H))
        self.b = self.param("b", lstm_bias(self.forget_bias, self.chrono_max), (4 * H,))

    def initial(self, batch_size: int) -> State:
        zeros = jnp.zeros((batch_size, self.hidden_size))
        return zeros, zeros

    def step(self, state: State, x: Float[Array, "B D"]) -> tuple[State, Hidden]:
        h, c = state
        gates = x @ self.U + h @ self.W + self.b[None, :]
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def __call__(
        self, state: State, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[State, Float[Array, "T B H"]]:
        weights, scale = (self.U, self.W, self.b), lstm_scale(self.hidden_size)
        (h, c), all_h = run_cell("lstm", lstm_cell, x, *weights, state, reset, scale)
        return (h, c), all_h


def make_lstm(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    forget_bias: TracedFloat = 1.0,
    chrono_max: TracedNonNegative = 0.0,
) -> Model:
    """A network of `num_layers` LSTM layers.

    chrono_max is in steps; above 2 it replaces forget_bias, else there is no chrono
    initialisation. One program serves both.
    """
    model = stack(
        interface,
        lambda _, size: LSTM(size, hidden_size, forget_bias, chrono_max),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        direction=direction,
    )
    if pooling != "last" or direction == "both":
        return model
    scale = lstm_scale(hidden_size)
    return with_prepared_step(model, interface, lstm_cell, scale, num_layers)
