"""Delay: at every step, the inputs of several lags, up to T steps before.

The delay task of S4 (Gu, Goel, Re 2021, arXiv:2111.00396, and its code): x is
band-limited white noise of unit variance (lib.tasks.noise) and n outputs are asked for,

    y_{t, i} = x_{t - floor(i T / n)},   i = 1 .. n.

With `bandwidth` 1, the default, x is independent from step to step; below it, the share
of the Nyquist frequency that x has.

An example (T = 4, num_lags = 2, num_scored = 3):

    x        1.62 2.03 -0.43 -0.08  0.18 -0.97 -0.50
    targets     .    .     .     . -0.43 -0.08  0.18
    targets     .    .     .     .  1.62  2.03 -0.43

Scored: `num_scored` steps, from T on, by squared error, mean over the n lags. The
`length` of this task is T, its longest lag, and the arrays are num_scored longer.
Chance is the variance of x, 1. Numbers have no end of bits: how much is kept says

    memory_capacity = sum_i R^2(lag_i)   (lib.tasks.capacity),

of n; times T/n it is in steps, and with n = T it is Jaeger's.

A window of the last k inputs knows the lags below k, and of others what the correlation
of x tells: nothing where x is independent, else the conditional variance of a Gaussian.
"""

from typing import Annotated

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.loss import squared_error
from lib.setting import Bound, Size
from lib.tasks.capacity import memory_capacity
from lib.tasks.noise import draw_noise, explained
from lib.types import Batch, Interface, PRNGKey, Split, Task

Bandwidth = Annotated[float, Bound(0.01, 1)]


def lags_of(length: int, num_lags: int) -> np.ndarray:
    """floor(i T / n) for i = 1 .. n."""
    return np.arange(1, num_lags + 1) * length // num_lags


def make_delay(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_lags: Size = 4,
    num_scored: Size = 16,
    bandwidth: Bandwidth = 1.0,
) -> Task:
    """The inputs of `num_lags` lags up to `length`, which is at least as many."""
    if max_length < num_lags:
        raise ValueError(
            f"delay: length must be at least {num_lags}, the number of lags, got "
            f"{max_length}."
        )
    array_length = max_length + num_scored

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        noise = draw_noise(key, array_length, batch_size, bandwidth)  # [B, T]
        position = jnp.arange(array_length, dtype=jnp.int32)
        inside = position < length + num_scored
        scored = (position >= length) & inside
        lags = jnp.arange(1, num_lags + 1, dtype=jnp.int32) * length // num_lags
        past = noise[:, jnp.maximum(position[:, None] - lags[None, :], 0)]  # [B, T, n]
        return Batch(
            inputs=jnp.where(inside[None, :], noise, 0)[..., None],
            targets=jnp.where(scored[None, :, None], past, 0),
            mask=jnp.broadcast_to(scored, noise.shape).astype(jnp.float32),
        )

    def window_score(length: int, k: int) -> float:
        return float(np.mean(explained(lags_of(length, num_lags), k, bandwidth)))

    return Task(
        sample=sample,
        interface=Interface(0, 1, num_lags),
        max_length=max_length,
        loss=squared_error,
        metrics={"mse": squared_error, "memory_capacity": memory_capacity},
        score_metric="mse",
        floor=lambda length: 1.0,
        optimum=lambda length: 0.0,
        window_score=window_score,
        version=1,
    )
