"""Causal convolutions as one product with a window of past inputs.

Time is the first axis: x [T, B, D]. A tap that would reach past the start of the
sequence, or past a reset, reads zeros.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped

from lib.ops.linear import project


def causal_convolution(
    x: Float[Array, "T B D"],
    kernel: Float[Array, "KD H"],
    bias: Float[Array, " H"],
    past: Float[Array, "P B D"],
    dilation: int = 1,
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[Float[Array, "T B H"], Float[Array, "P B D"]]:
    """y_t = b + sum_j x_{t - j d} K_j, and the inputs that the next call needs.

    The kernel holds K_0, K_1, ... one under the other. `past` are the P = (k - 1) d
    inputs before x, the latest last.
    """
    num_taps = kernel.shape[0] // x.shape[-1]
    extended = jnp.concatenate([past, x])
    taps = windows(extended, num_taps, dilation)  # [T, B, k D]
    following = extended[len(x) :]
    if reset is not None:
        inside, following = _isolate(reset, num_taps, dilation, following)
        repeated = jnp.repeat(inside, x.shape[-1], axis=-1)
        taps = jnp.where(repeated, taps, jnp.zeros_like(taps))
    return project(taps, kernel, bias), following


def windows(
    x: Shaped[Array, "P B D"], num_taps: int, dilation: int = 1
) -> Shaped[Array, "T B KD"]:
    """[x_t, x_{t-d}, ..., x_{t-(k-1)d}] side by side, for every t with all of them.

    Windows of 2m taps are two windows of m side by side, so that a window of k takes
    log k copies to put together and not k.
    """
    if num_taps == 1:
        return x
    half = num_taps // 2
    block, shift = windows(x, half, dilation), half * dilation
    taps = jnp.concatenate([block[shift:], block[:-shift]], axis=-1)
    if num_taps % 2 == 0:
        return taps
    first = x[(num_taps - 1) * dilation :]
    return jnp.concatenate([first, taps[:-dilation]], axis=-1)


def _isolate(
    reset: Bool[Array, "T B"],
    num_taps: int,
    dilation: int,
    following: Float[Array, "P B D"],
) -> tuple[Bool[Array, "T B K"], Float[Array, "P B D"]]:
    """Which taps are of the step's own segment; the inputs to come, cut likewise."""
    size = (num_taps - 1) * dilation
    segment: Int[Array, "T B"] = jnp.cumsum(reset.astype(jnp.int32), axis=0)
    extended = jnp.pad(segment, ((size, 0), (0, 0)))  # the past: before any reset
    inside = windows(extended[:, :, None], num_taps, dilation) == segment[:, :, None]
    own = extended[len(reset) :] == segment[-1:]
    return inside, jnp.where(own[:, :, None], following, jnp.zeros_like(following))
