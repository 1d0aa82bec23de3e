"""Fully convolutional network: how much each place of a picture looks like what is
sought (Matan et al. 1992, NIPS 4; Long, Shelhamer & Darrell 2015, arXiv:1411.4038).

    x = blocks of convolution, non-linearity and pooling by 2     (lib.models.cnn)
    x = relu(conv2d(x, K, dilation d) + b)    of each of `context`, d = 1, 2, 4, ...
    y = x w + c                               at each place by itself

No layer knows how large the picture is: what was trained on crops is applied to whole
scenes. Each block halves the map, so `len(filters)` blocks answer at every
2^len(filters)-th pixel, row by row. The dilated filters (Yu & Koltun 2016,
arXiv:1511.07122) widen what an answer sees to about a figure without a coarser map.
c starts at -3, so that at first nearly no place is taken for the figure (Lin et al.
2017, arXiv:1708.02002, section 3.3). Time O(H W).
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lib.models.cnn import Blocks
from lib.ops.image import conv2d
from lib.setting import Size
from lib.types import Interface, Model, Params, PRNGKey


class Locator(nn.Module):
    """[B, H, W, C] -> [B, h, w, V], the answers at every place of the map."""

    blocks: Blocks
    context: tuple[int, ...]
    output_size: int

    @nn.compact
    def __call__(self, images: Float[Array, "B H W C"]) -> Float[Array, "B h w V"]:
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        x = self.blocks(images - 0.5)
        m = self.blocks.kernel_size
        for i, count in enumerate(self.context):
            K = self.param(f"K_{i}", init, (m, m, x.shape[-1], count))
            b = self.param(f"b_{i}", zeros, (count,))
            x = jax.nn.relu(conv2d(x, K, b, dilation=2**i))
        prior = nn.initializers.constant(-3.0)
        shape = (x.shape[-1], self.output_size)
        w = self.param("w", nn.initializers.lecun_normal(), shape)
        c = self.param("c", prior, (self.output_size,))
        return jnp.einsum("bhwf,fv->bhwv", x, w) + c[None, None, None, :]


def make_locator(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (16, 32, 48),
    context: tuple[Size, ...] = (48, 48),
    kernel_size: Size = 3,
    num_convolutions: Size = 1,
) -> Model:
    """A block for each of `filters`, which the task's stride decides the number of."""
    stride = 2 ** len(filters)
    if stride != interface.stride:
        raise ValueError(
            f"locator: filters must name log2 of the task's stride {interface.stride} "
            f"blocks, got {len(filters)}, which answer at every {stride}th pixel"
        )
    blocks = Blocks(tuple(filters), kernel_size, num_convolutions)
    module = Locator(blocks, tuple(context), interface.output_size)

    def init(key: PRNGKey, images: Float[Array, "B H W C"]) -> Params:
        return module.init(key, images)["params"]

    def apply(params: Params, carry: Any, images: Any, reset: Any, key: Any) -> Any:
        del reset, key  # a picture has one step; nothing is dropped
        answers: Any = module.apply({"params": params}, images)
        return answers.reshape(len(answers), -1, answers.shape[-1]), carry

    def step(params: Params, carry: Any, x: Any) -> Any:
        raise ValueError("a model of pictures has no step form")

    return Model(
        init,
        lambda params, images: (),
        apply,
        step,
        receptive_field(len(filters), len(context), kernel_size, num_convolutions),
        causal=False,
    )


def receptive_field(
    num_blocks: int, num_context: int, kernel_size: int, num_convolutions: int
) -> int:
    """Pixels along a side that an answer depends on, the largest of its places'."""
    size, step = 1, 1
    for _ in range(num_blocks):
        size += num_convolutions * (kernel_size - 1) * step + step  # pooled by 2
        step *= 2
    return size + sum((kernel_size - 1) * step * 2**i for i in range(num_context))
