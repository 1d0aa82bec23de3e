"""Convolutions over words with maximum over time: Convolutional neural networks for
sentence classification (Kim 2014, arXiv:1408.5882, section 2).

    c_{t,w} = relu(b_w + sum_{j=0}^{w-1} K_{w,j} x_{t-j})      for each width w
    m_t = max(m_{t-1}, [c_{t,w} for every w])                  m_0 = -infinity
    y_t = V m_t + c

H filters of each width. All positions in parallel, O(T H D sum(w)); the carry is the
last max(w) - 1 inputs and the maximum. With `num_layers` above 1 convolutions read
convolutions.

Deviations: a filter also answers where its window begins before the text, on zeros (as
if the text were padded on its left), so that texts shorter than a filter have an answer
and y_t is the answer after t words; one embedding, learned with the rest; no bound on
the norm of the weights. K of a width [w D, H] holds K_0, K_1, ... one under the other.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.stack import Pooling, stack
from lib.ops.convolution import causal_convolution
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Past = Float[Array, "B P D"]


class Filters(nn.Module):
    """Filters of several widths side by side."""

    input_size: int
    hidden_size: int  # of each width
    widths: tuple[int, ...]

    def setup(self) -> None:
        D, H = self.input_size, self.hidden_size
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        self.K = [
            self.param(f"K_{i}", init, (w * D, H)) for i, w in enumerate(self.widths)
        ]
        self.b = [self.param(f"b_{i}", zeros, (H,)) for i, _ in enumerate(self.widths)]

    def initial(self, batch_size: int) -> Past:
        return jnp.zeros((batch_size, max(self.widths) - 1, self.input_size))

    def step(self, past: Past, x: Float[Array, "B D"]) -> tuple[Past, Array]:
        past, h = self(past, x[None], None)
        return past, h[0]

    def __call__(
        self, past: Past, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Past, Float[Array, "T B H"]]:
        before = jnp.swapaxes(past, 0, 1)
        after, answers = before, []
        for width, K, b in zip(self.widths, self.K, self.b, strict=True):
            own = before[len(before) - (width - 1) :]
            z, kept = causal_convolution(x, K, b, own, reset=reset)
            answers.append(jax.nn.relu(z))
            after = kept if width == max(self.widths) else after
        return jnp.swapaxes(after, 0, 1), jnp.concatenate(answers, axis=-1)


def make_text_cnn(
    interface: Interface,
    *,
    hidden_size: Size = 100,
    num_layers: Size = 1,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "max",
    widths: tuple[Size, ...] = (3, 4, 5),
) -> Model:
    """`hidden_size` filters of each of `widths`, over words."""
    if not widths:
        raise ValueError("text_cnn: widths must name at least one width, got none.")
    field = 1 + num_layers * (max(widths) - 1)
    return stack(
        interface,
        lambda _, size: Filters(size, hidden_size, tuple(widths)),
        hidden_size * len(widths),
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        receptive_field=field,
    )
