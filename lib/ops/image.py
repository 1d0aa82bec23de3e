"""Filters that slide over pictures, and pooling: pictures are [B, H, W, C].

    S(i, j) = sum_m sum_n I(i + m, j + n) K(m, n)

is the cross-correlation that is customarily called convolution (Goodfellow, Bengio &
Courville 2016, Deep Learning, equation 9.6), summed over the channels of I as well. A
hidden layer of a convolutional network is conv2d, a non-linearity, and pooling (section
9.3), which replaces each place by the largest or the mean of its neighbourhood.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Side = tuple[int, int]  # zeros before and after, along one axis
_CACHED_NUMBERS = 2**18  # of float32: 1 MiB, a common second-level cache
_SMALL_PRODUCT = 2**14  # numbers of a product that is formed for each picture

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
    y: Array
    if stride > 1 or jax.default_backend() != "cpu":
        y = _correlate(x, K, stride, _sides(x, K, stride, dilation, padding), dilation)
    else:
        y = _slide(x, K, _sides(x, K, 1, dilation, padding), dilation)
    return y if b is None else y + b[None, None, None, :]


def _sides(
    x: Array, K: Array, stride: int, dilation: int, padding: Padding
) -> tuple[Side, Side]:
    """The zeros before and after, of rows and columns."""
    if not isinstance(padding, str):
        return padding
    window = [dilation * (size - 1) + 1 for size in K.shape[:2]]
    rows, columns = lax.padtype_to_pads(
        x.shape[1:3], window, (stride, stride), padding.upper()
    )
    return (rows[0], rows[1]), (columns[0], columns[1])


def _correlate(
    x: Array, K: Array, stride: int, sides: tuple[Side, Side], dilation: int
) -> Array:
    return lax.conv_general_dilated(
        x,
        K,
        (stride, stride),
        sides,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _slide(x: Array, K: Array, sides: tuple[Side, Side], dilation: int) -> Array:
    """With stride 1, and gradients written out.

    In a loop, as in training, XLA's own are 7 to 15 times as slow on a CPU: there it
    does not bring their convolutions into the one layout that has a fast path.
    """
    return _correlate(x, K, 1, sides, dilation)


def _slide_forward(
    x: Array, K: Array, sides: tuple[Side, Side], dilation: int
) -> tuple[Array, tuple[Array, Array]]:
    return _slide(x, K, sides, dilation), (x, K)


def _slide_backward(
    sides: tuple[Side, Side], dilation: int, saved: tuple[Array, Array], dy: Array
) -> tuple[Array, Array]:
    """dx is the correlation of dy with K turned by half a circle.

    dK is the product of dy with what the pixels of K have seen: group by group of
    pictures, or of large pictures row by row of K, which keeps less at once.
    """
    x, K = saved
    m, n, C, F = K.shape
    (top, bottom), (left, right) = sides
    down, across = dilation * (m - 1), dilation * (n - 1)
    back = (down - top, down - bottom), (across - left, across - right)
    dx = _correlate(dy, jnp.swapaxes(K[::-1, ::-1], 2, 3), 1, back, dilation)
    size = _group_size(len(x), m * n * C * dy.shape[1] * dy.shape[2])
    if size:
        return dx, _over_groups(x, dy, K.shape, sides, dilation, size)
    x = jnp.pad(x, ((0, 0), *sides, (0, 0)))
    h, w = dy.shape[1:3]
    rows = []
    for i in range(0, m * dilation, dilation):
        seen = [x[:, i : i + h, j : j + w] for j in range(0, n * dilation, dilation)]
        seen = jnp.concatenate(seen, axis=-1)  # [B, h, w, n*C]
        rows.append(_over_places(seen, dy))
    return dx, jnp.stack(rows).reshape(m, n, C, F)


def _group_size(num_pictures: int, numbers: int) -> int:
    """Pictures whose pixels, as all of K's see them, fit the cache; 0: none does."""
    fitting = range(min(num_pictures, _CACHED_NUMBERS // numbers), 0, -1)
    return next((size for size in fitting if num_pictures % size == 0), 0)


def _over_groups(
    x: Array,
    dy: Array,
    shape: tuple[int, ...],
    sides: tuple[Side, Side],
    dilation: int,
    size: int,
) -> Array:
    """dK, of `size` pictures after another.

    In a loop, for 64 filters of 3 x 3 x 32 on 128 x 14 x 14: 24 in place of 46 ms.
    """
    m, n, C, F = shape
    h, w = dy.shape[1:3]
    offsets = [(i * dilation, j * dilation) for i in range(m) for j in range(n)]

    def add(total: Array, group: tuple[Array, Array]) -> tuple[Array, None]:
        x, dy = group
        x = jnp.pad(x, ((0, 0), *sides, (0, 0)))
        seen = [x[:, i : i + h, j : j + w] for i, j in offsets]
        seen = jnp.concatenate(seen, axis=-1).reshape(-1, m * n * C)
        return total + seen.T @ dy.reshape(-1, F), None

    groups = [v.reshape(-1, size, *v.shape[1:]) for v in (x, dy)]
    zeros = jnp.zeros((m * n * C, F), dy.dtype)
    return lax.scan(add, zeros, (groups[0], groups[1]))[0].reshape(m, n, C, F)


def _over_places(
    seen: Float[Array, "B h w P"], dy: Float[Array, "B h w F"]
) -> Float[Array, "P F"]:
    """The sum of seen times dy over all places of all pictures."""
    if seen.shape[-1] * dy.shape[-1] > _SMALL_PRODUCT:
        return jnp.einsum("bijp,bijf->pf", seen, dy)
    # A product a picture stays in the processor's cache: 68 in place of 78 ms for the
    # whole step of 32 and 64 filters of 3 x 3 on 128 x 28 x 28.
    return jnp.sum(jnp.einsum("bijp,bijf->bpf", seen, dy), axis=0)


_slide.defvjp(_slide_forward, _slide_backward)


def max_pool(
    x: Float[Array, "B H W C"],
    size: int,
    stride: int | None = None,
    padding: Padding = "valid",
) -> Float[Array, "B h w C"]:
    """The largest of each size x size window, every `stride` places (None: `size`).

    Where windows lie side by side equal numbers share the gradient.
    """
    if stride not in (None, size) or not isinstance(padding, str):
        return _reduce(x, -jnp.inf, lax.max, size, stride, padding)
    return jnp.max(_tiled(_whole_tiles(x, size, padding), size), axis=(2, 4))


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


def _whole_tiles(x: Array, size: int, padding: str) -> Array:
    """A picture that tiles cover: what is left over cut off, or filled up."""
    if padding == "valid":
        h, w = (n // size * size for n in x.shape[1:3])
        return x[:, :h, :w]
    missing = [-n % size for n in x.shape[1:3]]
    sides = [(n // 2, n - n // 2) for n in missing]
    low = jnp.asarray(-jnp.inf, x.dtype)
    return jnp.pad(x, ((0, 0), *sides, (0, 0)), constant_values=low)


def with_coordinates(x: Float[Array, "P h w F"]) -> Float[Array, "P N G"]:
    """Places in a row, each with its row and column in [-1, 1] after its features."""
    P, h, w, _ = x.shape
    place = coordinates(h, w)[None].astype(x.dtype)
    place = jnp.broadcast_to(place, (P, h * w, 2))
    return jnp.concatenate([x.reshape(P, h * w, -1), place], axis=-1)


def coordinates(h: int, w: int) -> Float[Array, "N 2"]:
    """Row and column of each place, row by row, from -1 to 1."""
    rows, columns = jnp.linspace(-1, 1, h), jnp.linspace(-1, 1, w)
    grid = jnp.stack(jnp.meshgrid(rows, columns, indexing="ij"), axis=-1)
    return grid.reshape(h * w, 2)


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
