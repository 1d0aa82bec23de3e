"""Short causal convolutions of each channel by itself, as selective recurrences use.

Time is the first axis: x [T, B, H]. A tap that would reach past the start of the
sequence, or past a reset, reads zeros.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def short_convolution(
    x: Float[Array, "T B H"],
    past: Float[Array, "B P H"],
    K: Float[Array, "k H"],
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[Float[Array, "T B H"], Float[Array, "B P H"]]:
    """y_t = sum_j K_j * x_{t-j} for j < k, and the inputs that the next call needs.

    `past` are the P = k - 1 inputs before x, the latest last; zeros at the start. A
    sum of k shifted copies: for k = 4 less work than putting windows together.
    """
    num_taps, num_steps = K.shape[0], x.shape[0]
    extended = jnp.concatenate([jnp.swapaxes(past, 0, 1), x])  # [P + T, B, H]
    segment = None
    if reset is not None:
        segment = jnp.cumsum(reset.astype(jnp.int32), axis=0)
        segment = jnp.pad(segment, ((num_taps - 1, 0), (0, 0)))  # before any reset: 0
    y = jnp.zeros_like(x)
    for j in range(num_taps):
        start = num_taps - 1 - j
        tap = extended[start : start + num_steps]
        if segment is not None:
            own = segment[start : start + num_steps] == segment[num_taps - 1 :]
            tap = _keep(own, tap)
        y = y + K[None, None, j] * tap
    following = extended[num_steps:]
    if segment is not None:
        following = _keep(segment[num_steps:] == segment[-1:], following)
    return y, jnp.swapaxes(following, 0, 1)


def _keep(own: Bool[Array, "T B"], x: Float[Array, "T B H"]) -> Float[Array, "T B H"]:
    return jnp.where(own[:, :, None], x, jnp.zeros_like(x))


def step_convolution(
    x: Float[Array, "B H"], past: Float[Array, "B P H"], K: Float[Array, "k H"]
) -> tuple[Float[Array, "B H"], Float[Array, "B P H"]]:
    """`short_convolution` of one step."""
    window = jnp.concatenate([past, x[:, None]], axis=1)
    return jnp.sum(window * K[None, ::-1], axis=1), window[:, 1:]
