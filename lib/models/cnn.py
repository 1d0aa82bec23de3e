"""Convolutional network: blocks of convolution, non-linearity and pooling, then layers
(LeCun et al. 1998, Proc. IEEE 86(11), section II; Goodfellow, Bengio & Courville 2016,
section 9.3).

    block i      z = relu(conv2d(x, K) + b), `num_convolutions` times
                 z = the largest of each `group` of filters       (maxout)
                 x = the largest, or the mean, of each pool_size x pool_size window
    readout      the places and channels in a row, a layer of `hidden_size`, V and c

O(H W m^2 C F) for a block of F filters of m x m; a filter's parameters do not depend
on the size of the picture. Zeros surround what is convolved; a pooling window that
reaches beyond a map of an odd side pools what is inside.
"""

from typing import Literal

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from lib.models.mlp import Feedforward
from lib.models.picture import picture_model
from lib.ops.image import avg_pool, conv2d, max_pool, pool_filters
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey

Pooling = Literal["max", "average"]

_POOLS = {"max": max_pool, "average": avg_pool}


class Blocks(nn.Module):
    """[B, H, W, C] -> [B, h, w, F]: one block for each of `filters`, its number F.

    With `group` above 1 it has that many times the filters, and keeps the largest.
    """

    filters: tuple[int, ...]
    kernel_size: int = 3
    num_convolutions: int = 1  # of a block
    pool_size: int = 2  # 1: no pooling over places
    pooling: Pooling = "max"
    group: int = 1  # 1: no pooling over filters

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w F"]:
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        m = self.kernel_size
        for i, count in enumerate(self.filters):
            for j in range(self.num_convolutions):
                shape = (m, m, x.shape[-1], self.group * count)
                K = self.param(f"K_{i}_{j}", init, shape)
                b = self.param(f"b_{i}_{j}", zeros, shape[3:])
                x = jax.nn.relu(conv2d(x, K, b))
                x = pool_filters(x, self.group) if self.group > 1 else x
            if self.pool_size > 1:
                x = _POOLS[self.pooling](x, self.pool_size, padding="same")
        return x


class Cnn(nn.Module):
    """Blocks, then a feed-forward network over all they say of all places."""

    blocks: Blocks
    hidden_size: int
    output_size: int
    dropout: float

    @nn.compact
    def __call__(
        self, images: Float[Array, "B H W C"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        h = self.blocks(images)
        layers = Feedforward(
            max(self.hidden_size, 1),
            1 if self.hidden_size else 0,
            self.output_size,
            self.dropout,
        )
        nn.share_scope(self, layers)
        return layers(h.reshape(len(h), -1), key)


def make_cnn(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (32, 64),
    kernel_size: Size = 3,
    num_convolutions: Size = 1,
    pool_size: Size = 2,
    pooling: Pooling = "max",
    group: Size = 1,
    hidden_size: Count = 128,
    dropout: Probability = 0.0,
) -> Model:
    """A block for each of `filters`; hidden_size 0 reads the answer off the last one.

    `dropout` is the share of the last layer's inputs left out in training.
    """
    if not filters:
        raise ValueError("cnn: filters must name at least one number, got none.")
    blocks = Blocks(
        tuple(filters), kernel_size, num_convolutions, pool_size, pooling, group
    )
    return picture_model(Cnn(blocks, hidden_size, interface.output_size, dropout))
