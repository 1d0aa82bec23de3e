"""Temporal convolutional network: An empirical evaluation of generic convolutional and
recurrent networks (Bai, Kolter & Koltun 2018, arXiv:1803.01271, section 3).

Level i has dilation d = r^i (dilation_base, 2 in the paper) and n convolutions
(convolutions_per_block, 2 in the paper):

    a^0_t = x_t
    a^m_t = relu(b^m + sum_{j=0}^{k-1} K^m_j a^{m-1}_{t - d j})     m = 1, ..., n
    h_t   = relu(a^n_t + x_t R)

R is the identity where input and output are equally wide. Taps before the start read
zeros in every convolution. Receptive field: 1 + n (k - 1) sum_i r^i inputs. All
positions in parallel, O(T n k H^2) a level; the carry is the last (k - 1) d inputs of
each convolution.

Without weight normalisation, which the paper adds; dropout between levels and not
inside them; He's initial values instead of N(0, 0.01). Each K [k H, H] holds its taps
one under the other, the latest first; vectors are rows.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.models.stack import Pooling, stack
from lib.ops.convolution import causal_convolution
from lib.ops.linear import project
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model

Past = tuple[Float[Array, "B P D"], ...]


class Block(nn.Module):
    input_size: int
    hidden_size: int
    kernel_size: int
    dilation: int
    num_convolutions: int

    def setup(self) -> None:
        H, dense = self.hidden_size, nn.initializers.he_normal()
        self.K = [
            self.param(f"K_{m}", dense, (self.kernel_size * size, H))
            for m, size in enumerate(self._sizes())
        ]
        zeros = nn.initializers.zeros
        self.b = [self.param(f"b_{m}", zeros, (H,)) for m in range(len(self.K))]
        if self.input_size != H:
            dense = nn.initializers.lecun_normal()
            self.R = self.param("R", dense, (self.input_size, H))

    def initial(self, batch_size: int) -> Past:
        length = (self.kernel_size - 1) * self.dilation
        return tuple(jnp.zeros((batch_size, length, size)) for size in self._sizes())

    def step(self, past: Past, x: Float[Array, "B D"]) -> tuple[Past, Array]:
        past, h = self(past, x[None], None)
        return past, h[0]

    def __call__(
        self, past: Past, x: Float[Array, "T B D"], reset: Bool[Array, "T B"] | None
    ) -> tuple[Past, Float[Array, "T B H"]]:
        a, after = x, []
        for K, b, before in zip(self.K, self.b, past, strict=True):
            before = jnp.swapaxes(before, 0, 1)
            z, kept = causal_convolution(a, K, b, before, self.dilation, reset)
            a = jax.nn.relu(z)
            after.append(jnp.swapaxes(kept, 0, 1))
        same = self.input_size == self.hidden_size
        return tuple(after), jax.nn.relu(a + (x if same else project(x, self.R)))

    def _sizes(self) -> list[int]:
        return [self.input_size] + [self.hidden_size] * (self.num_convolutions - 1)


def make_tcn(
    interface: Interface,
    *,
    hidden_size: Size = 64,
    num_layers: Size = 6,
    embedding_size: Count = 0,
    dropout: Probability = 0.0,
    pooling: Pooling = "last",
    kernel_size: Size = 2,
    convolutions_per_block: Size = 2,
    dilation_base: Size = 2,
) -> Model:
    """A stack of `num_layers` levels, each `dilation_base` times as far apart."""
    taps = convolutions_per_block * (kernel_size - 1)
    return stack(
        interface,
        lambda i, size: Block(
            size, hidden_size, kernel_size, dilation_base**i, convolutions_per_block
        ),
        hidden_size,
        num_layers=num_layers,
        embedding_size=embedding_size,
        dropout=dropout,
        pooling=pooling,
        receptive_field=1 + taps * sum(dilation_base**i for i in range(num_layers)),
    )
