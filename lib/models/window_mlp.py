"""Feed-forward network over the last k inputs: the control whose memory is exactly k.

    h_t = relu(b + sum_{j=0}^{k-1} U_j x_{t-j})     first layer, k = window
    h_t = relu(U h_t + b)                            every further layer
    y_t = V h_t + c

Source: the time-delay network (Waibel et al. 1989, IEEE Trans. ASSP 37(3)) with one
delayed layer. Inputs before the first are zero vectors (also for tokens: no symbol).
All positions in parallel, O(T k D H); the carry is the last k - 1 inputs.
U [k D, H] holds U_0, U_1, ... one under the other; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.stack import stack
from lib.ops.convolution import causal_convolution
from lib.setting import Count, Size
from lib.types import Interface, Model

Past = Float[Array, "B P D"]


class Window(nn.Module):
    input_size: int
    hidden_size: int
    window: int

    def setup(self) -> None:
        shape = (self.window * self.input_size, self.hidden_size)
        self.U = self.param("U", nn.initializers.he_normal(), shape)
        self.b = self.param("b", nn.initializers.zeros, shape[1:])

    def initial(self, batch_size: int) -> Past:
        return jnp.zeros((batch_size, self.window - 1, self.input_size))

    def step(self, past: Past, x: Float[Array, "B D"]) -> tuple[Past, Array]:
        past, h = self(past, x[None], None)
        return past, h[0]

    def __call__(
        self, past: Past, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Past, Float[Array, "T B H"]]:
        before = jnp.swapaxes(past, 0, 1)
        z, after = causal_convolution(x, self.U, self.b, before, reset=reset)
        return jnp.swapaxes(after, 0, 1), jax.nn.relu(z)


def make_window_mlp(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    window: Size = 32,
) -> Model:
    """A feed-forward network of `num_layers` hidden layers over `window` inputs."""
    return stack(
        interface,
        lambda i, size: Window(size, hidden_size, window if i == 0 else 1),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        receptive_field=window,
    )
