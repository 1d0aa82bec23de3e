"""Filters that slide over pictures, and pooling: pictures are [B, H, W, C].

    S(i, j) = sum_m sum_n I(i + m, j + n) K(m, n)

is the cross-correlation that is customarily called convolution (Goodfellow, Bengio &
Courville 2016, Deep Learning, equation 9.6), summed over the channels of I as well. A
hidden layer of a convolutional network is conv2d, a non-linearity, and pooling (section
9.3), which replaces each place by the largest or the mean of its neighbourhood.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Side = tuple[int, int]  # zeros before and after, along one axis
Padding = str | tuple[Side, Side]  # "same", "valid", or of rows and columns


def conv2d(
    x: Float[Array, "B H W C"],
    K: Float[Array, "m n C F"],
    b: Float[Array, " F"] | None = None,
    *,
    stride: int = 1,
    padding: Padding = "same",
    dilation: int = 1,
) -> Float[Array, "B h w F"]:
    """F filters of m x n over a picture, at every `stride`-th place, plus a bias.

    A filter reads every `dilation`-th pixel. With padding "valid" it stays inside the
    picture; with "same" there are ceil(H / stride) x ceil(W / stride) places, and zeros
    around the picture, one more after than before where their number is odd.
    """
    y = lax.conv_general_dilated(
        x,
        K,
        (stride, stride),
        padding.upper() if isinstance(padding, str) else padding,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return y if b is None else y + b[None, None, None, :]


def max_pool(
    x: Float[Array, "B H W C"],
    size: int,
    stride: int | None = None,
    padding: Padding = "valid",
) -> Float[Array, "B h w C"]:
    """The largest of each size x size window, every `stride` places (None: `size`)."""
    if _tiles(x, size, stride, padding):
        return jnp.max(_tiled(x, size), axis=(2, 4))
    return _reduce(x, -jnp.inf, lax.max, size, stride, padding)


def avg_pool(
    x: Float[Array, "B H W C"],
    size: int,
    stride: int | None = None,
    padding: Padding = "valid",
) -> Float[Array, "B h w C"]:
    """The mean of each size x size window, of what lies inside the picture."""
    if _tiles(x, size, stride, padding):
        return jnp.mean(_tiled(x, size), axis=(2, 4))
    total = _reduce(x, 0.0, lax.add, size, stride, padding)
    ones = jnp.ones((1, *x.shape[1:3], 1), x.dtype)
    return total / _reduce(ones, 0.0, lax.add, size, stride, padding)


def pool_filters(x: Float[Array, "B H W C"], group: int) -> Float[Array, "B H W G"]:
    """The largest of each `group` of neighbouring channels: high if any filter is.

    Maxout (Goodfellow et al. 2013, arXiv:1302.4389, section 3). `group` divides C.
    """
    if x.shape[-1] % group:
        raise ValueError(f"a group of {group} does not divide {x.shape[-1]} filters")
    return jnp.max(x.reshape(*x.shape[:-1], -1, group), axis=-1)


def _tiles(x: Array, size: int, stride: int | None, padding: Padding) -> bool:
    """Whether windows lie side by side and leave nothing over."""
    even = x.shape[1] % size == 0 and x.shape[2] % size == 0
    return even and stride in (None, size) and isinstance(padding, str)


def _tiled(x: Float[Array, "B H W C"], size: int) -> Float[Array, "B h s w t C"]:
    B, H, W, C = x.shape
    return x.reshape(B, H // size, size, W // size, size, C)


def _reduce(
    x: Array, start: float, combine, size: int, stride: int | None, padding: Padding
) -> Array:
    step = stride or size
    if isinstance(padding, str):
        sides = padding.upper()
    else:
        sides = ((0, 0), *padding, (0, 0))
    window, strides = (1, size, size, 1), (1, step, step, 1)
    return lax.reduce_window(x, start, combine, window, strides, sides)
