"""Residual network, pre-activation: Identity mappings in deep residual networks (He,
Zhang, Ren & Sun 2016, arXiv:1603.05027, section 3).

    stem       h = conv2d(x, K_in) + b_in, then the largest of stem_pool x stem_pool
    stage s    from the second on  h = avg_pool(h, 2) W_s          (1 x 1, more filters)
    block      z = relu(conv2d(relu(h), K) + b)
               h = h + a * (conv2d(z, L) + d)                     a a number, a_0 = 0
    readout    y = mean over all places of relu(h), times V, plus c

O(H W m^2 F^2) for a convolution of F to F filters; the readout does not depend on the
size of the picture.

Instead of batch normalisation, whose running means would be a state beside the
parameters, each block is scaled by one learned number that starts at 0: at first the
network is as shallow as its stages, which is what normalisation does for depth
(SkipInit: De & Smith 2020, arXiv:2002.10444, section 4). Further deviations: a stage
halves the picture by averaging and not by a stride, and widens the skip by a product.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.models.picture import picture_model, show
from lib.models.stack import drop
from lib.ops.image import avg_pool, conv2d, max_pool
from lib.setting import Probability, Size
from lib.types import Interface, Model, PRNGKey
from lib.window import PIXEL, WHOLE, Window

_ZEROS = nn.initializers.zeros


class Block(nn.Module):
    """What a residual block adds to h [B, H, W, F]."""

    kernel_size: int

    @nn.compact
    def __call__(self, h: Float[Array, "B H W F"]) -> Float[Array, "B H W F"]:
        F, m = h.shape[-1], self.kernel_size
        init = nn.initializers.he_normal()
        K = self.param("K", init, (m, m, F, F))
        b = self.param("b", _ZEROS, (F,))
        L = self.param("L", init, (m, m, F, F))
        d = self.param("d", _ZEROS, (F,))
        a = self.param("a", _ZEROS, ())
        z = jax.nn.relu(conv2d(jax.nn.relu(h), K, b))
        return a * conv2d(z, L, d)


class ResNet(nn.Module):
    """Stem, stages of residual blocks, the mean over places, readout."""

    filters: tuple[int, ...]  # one number a stage
    num_blocks: int  # of a stage
    kernel_size: int
    stem_pool: int
    output_size: int
    dropout: float

    @nn.compact
    def __call__(
        self, images: Float[Array, "B H W C"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        m, dense = self.kernel_size, nn.initializers.lecun_normal()
        shape = (m, m, images.shape[-1], self.filters[0])
        K = self.param("K_in", dense, shape)
        b = self.param("b_in", _ZEROS, shape[3:])
        h = conv2d(images, K, b)
        show(self, "conv 1", h)
        if self.stem_pool > 1:
            h = max_pool(h, self.stem_pool, padding="same")
            show(self, "pool 1", h)
        for s, count in enumerate(self.filters):
            if s:
                W = self.param(f"W_{s}", dense, (h.shape[-1], count))
                h = avg_pool(h, 2, padding="same") @ W
                show(self, f"half {s + 1}", h)
            for i in range(self.num_blocks):
                h = h + Block(m, name=f"block_{s}_{i}")(h)
                show(self, f"block {s + 1}.{i + 1}", h)
        mean = jnp.mean(jax.nn.relu(h), axis=(1, 2))
        show(self, "mean", mean)
        V = self.param("V", dense, (mean.shape[-1], self.output_size))
        c = self.param("c", _ZEROS, (self.output_size,))
        y = drop(mean[None], self.dropout, key, 0)[0] @ V + c[None, :]
        show(self, "answer", y)
        return y

    def windows(self, side: int) -> dict[str, Window]:
        """What a unit of each layer sees along an axis of `side` pixels."""
        m, p = self.kernel_size, self.stem_pool
        window = PIXEL.through(m, before=(m - 1) // 2)
        found = {"conv 1": window}
        if p > 1:
            window = window.through(p, stride=p, before=(-side % p) // 2)
            found["pool 1"] = window
        for s in range(len(self.filters)):
            if s:
                window = window.through(2, stride=2)
                found[f"half {s + 1}"] = window
            for i in range(self.num_blocks):
                for _ in range(2):
                    window = window.through(m, before=(m - 1) // 2)
                found[f"block {s + 1}.{i + 1}"] = window
        return {**found, "mean": WHOLE, "answer": WHOLE}


def make_resnet(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (32, 64),
    num_blocks: Size = 1,
    kernel_size: Size = 3,
    stem_pool: Size = 2,
    dropout: Probability = 0.0,
) -> Model:
    """A stage of `num_blocks` blocks for each of `filters`, each at half the side.

    `dropout` is the share of the readout's inputs left out in training.
    """
    if not filters:
        raise ValueError("resnet: filters must name at least one number, got none.")
    module = ResNet(
        tuple(filters),
        num_blocks,
        kernel_size,
        stem_pool,
        interface.output_size,
        dropout,
    )
    rows, columns = map(module.windows, interface.image[:2])
    return picture_model(module, {name: (rows[name], columns[name]) for name in rows})
