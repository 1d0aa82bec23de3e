"""Networks that describe every place of a picture: [B, H, W, C] -> [B, h, w, F].

    cnn      a block of convolution, relu and pooling for each number of filters
             (lib.models.cnn)
    resnet   for each number of filters a convolution and pooling, then a residual block
             (lib.models.resnet)

Both halve the picture once for each number of filters, where `pool_size` is 2.
"""

from collections.abc import Callable
from typing import Literal

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from lib.models.cnn import Blocks
from lib.models.resnet import Block
from lib.ops.image import conv2d, max_pool

Encoder = Literal["cnn", "resnet"]


class Residual(nn.Module):
    """h = max_pool(conv2d(h, K) + b), then h + block(h), for each of `filters`."""

    filters: tuple[int, ...]
    kernel_size: int
    num_blocks: int  # after each pooling
    pool_size: int

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w F"]:
        m, init = self.kernel_size, nn.initializers.he_normal()
        h = x
        for i, count in enumerate(self.filters):
            K = self.param(f"K_{i}", init, (m, m, h.shape[-1], count))
            b = self.param(f"b_{i}", nn.initializers.zeros, (count,))
            h = conv2d(h, K, b)
            if self.pool_size > 1:
                h = max_pool(h, self.pool_size, padding="same")
            for j in range(self.num_blocks):
                h = h + Block(m, name=f"block_{i}_{j}")(h)
        return jax.nn.relu(h)


# Of (filters, kernel_size, number of convolutions or of blocks, pool_size).
ENCODERS: dict[Encoder, Callable[[tuple[int, ...], int, int, int], nn.Module]] = {
    "cnn": lambda *settings: Blocks(*settings),
    "resnet": Residual,
}
