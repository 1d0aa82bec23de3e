"""A model of one's own: memories of many lengths behind a gate.

    h_t = a * h_{t-1} + (1 - a) * g_t * u_t,   h_0 = 0
    u_t = x_t U,   g_t = sigmoid(x_t W + b),   y_t = h_t

Each of H units forgets at its own pace: 1 - a is spread evenly in log from 1/2 to
1/longest, and learned from there. The gate sees the input alone, so that the recurrence
stays linear. Time O(T D H), a state of H numbers.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from lib.models.stack import stack
from lib.ops.chunk import scan_with_resets
from lib.setting import Count, Size
from lib.types import Interface, Model


class Gated(nn.Module):
    input_size: int
    hidden_size: int
    longest: int

    def setup(self):
        shape, draw = (self.input_size, self.hidden_size), nn.initializers.normal(0.3)
        self.U, self.W = (self.param(name, draw, shape) for name in "UW")
        self.b = self.param("b", nn.initializers.zeros, shape[1:])
        pace = jnp.geomspace(2, self.longest, self.hidden_size)  # 1 / (1 - a)
        self.logit = self.param("logit", lambda _: jnp.log(pace - 1))  # of a

    def initial(self, batch_size):  # the carry before the first step
        return jnp.zeros((batch_size, self.hidden_size))

    def step(self, h, x):  # one step, x [B, D]
        a = jax.nn.sigmoid(self.logit)[None, :]
        u = jax.nn.sigmoid(x @ self.W + self.b[None, :]) * (x @ self.U)
        h = a * h + (1 - a) * u
        return h, h

    def __call__(self, h, x, reset):  # all steps, x [T, B, D]
        return scan_with_resets(self.step, self.initial(x.shape[1]), h, x, reset)


def gated_integrator(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    longest: Size = 256,
) -> Model:
    layer = lambda _, input_size: Gated(input_size, hidden_size, longest)
    sizes = {"num_layers": num_layers, "embedding_size": embedding_size}
    return stack(interface, layer, hidden_size, **sizes)
