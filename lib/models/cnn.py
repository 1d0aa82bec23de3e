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
from jax import lax
from jaxtyping import Array, Float

from lib.models.mlp import Feedforward
from lib.models.picture import picture_model, show
from lib.ops.image import avg_pool, conv2d, max_pool, pool_filters
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey
from lib.window import PIXEL, WHOLE, Window, Windows

Pooling = Literal["max", "average"]
Kernels = Literal["learned", "random"]

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
    kernels: Kernels = "learned"

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w F"]:
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        m = self.kernel_size
        for i, count in enumerate(self.filters):
            for j in range(self.num_convolutions):
                shape = (m, m, x.shape[-1], self.group * count)
                K = self.param(f"K_{i}_{j}", init, shape)
                b = self.param(f"b_{i}_{j}", zeros, shape[3:])
                if self.kernels == "random":
                    K, b = lax.stop_gradient(K), lax.stop_gradient(b)
                x = conv2d(x, K, b)
                show(self, f"conv {name_of(i, j)}", x)
                x = jax.nn.relu(x)
                show(self, f"relu {name_of(i, j)}", x)
                if self.group > 1:
                    x = pool_filters(x, self.group)
                    show(self, f"maxout {name_of(i, j)}", x)
            if self.pool_size > 1:
                x = _POOLS[self.pooling](x, self.pool_size, padding="same")
                show(self, f"pool {i + 1}", x)
        return x

    def windows(self, height: int, width: int) -> dict[str, Windows]:
        """What a unit of each layer sees of a picture, by the names they show."""
        rows, columns = self._windows(height), self._windows(width)
        return {name: (rows[name], columns[name]) for name in rows}

    def _windows(self, side: int) -> dict[str, Window]:
        m, p, window = self.kernel_size, self.pool_size, PIXEL
        kinds = ("conv", "relu", "maxout") if self.group > 1 else ("conv", "relu")
        found: dict[str, Window] = {}
        for i, _ in enumerate(self.filters):
            for j in range(self.num_convolutions):
                window = window.through(m, before=(m - 1) // 2)
                found |= {f"{kind} {name_of(i, j)}": window for kind in kinds}
            if p > 1:
                window = window.through(p, stride=p, before=(-side % p) // 2)
                side = -(-side // p)
                found[f"pool {i + 1}"] = window
        return found


def name_of(block: int, convolution: int) -> str:
    """The number of a convolution: 1, 2, ..., of a block's later ones 1.2, 1.3, ..."""
    return f"{block + 1}" + (f".{convolution + 1}" if convolution else "")


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
    kernels: Kernels = "learned",
    hidden_size: Count = 128,
    dropout: Probability = 0.0,
) -> Model:
    """A block for each of `filters`; hidden_size 0 reads the answer off the last one.

    `dropout` is the share of the last layer's inputs left out in training. With kernels
    "random" the filters and their biases stay as they were drawn; only what reads them
    learns.
    """
    if not filters:
        raise ValueError("cnn: filters must name at least one number, got none.")
    blocks = Blocks(
        tuple(filters),
        kernel_size,
        num_convolutions,
        pool_size,
        pooling,
        group,
        kernels,
    )
    windows = blocks.windows(*interface.image[:2])
    windows |= {"hidden 1": (WHOLE, WHOLE)} if hidden_size else {}
    return picture_model(
        Cnn(blocks, hidden_size, interface.output_size, dropout),
        {**windows, "answer": (WHOLE, WHOLE)},
    )
