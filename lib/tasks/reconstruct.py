"""Reconstruction: at the end, what the input was all along.

The reconstruction task of S4 (Gu, Goel, Re 2021, arXiv:2111.00396, and its code): after
T inputs of band-limited white noise of unit variance (lib.tasks.noise) the past is
asked for, here at n points that are spread evenly over it,

    y_i = x_{T - 1 - floor(i T / n)},   i = 0 .. n - 1,

and with n = T all of it. `bandwidth` is as in `delay`.

An example (T = 6, num_points = 3):

    x        1.62 2.03 -0.43 -0.08 0.18 -0.97
    targets     .    .     .     .    . -0.97
    targets     .    .     .     .    . -0.08
    targets     .    .     .     .    .  2.03

Scored: the last position, T - 1, by squared error, mean over the n points. Chance is
the variance of x, 1. n is the load, whatever T; `memory_capacity` is as in `delay`, of
n. A window knows the points that it holds, as there.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.loss import squared_error
from lib.setting import Size
from lib.tasks.capacity import memory_capacity
from lib.tasks.delay import Bandwidth
from lib.tasks.noise import draw_noise, explained
from lib.types import Batch, Interface, PRNGKey, Split, Task


def make_reconstruct(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_points: Size = 8,
    bandwidth: Bandwidth = 1.0,
) -> Task:
    """`num_points` of the last `length` inputs, which are at least as many."""
    if max_length < num_points:
        raise ValueError(
            f"reconstruct: length must be at least {num_points}, the number of points, "
            f"got {max_length}."
        )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        noise = draw_noise(key, max_length, batch_size, bandwidth)  # [B, T]
        position = jnp.arange(max_length, dtype=jnp.int32)
        scored = position == length - 1
        lags = jnp.arange(num_points, dtype=jnp.int32) * length // num_points
        past = noise[:, length - 1 - lags]  # [B, n]
        return Batch(
            inputs=jnp.where((position < length)[None, :], noise, 0)[..., None],
            targets=jnp.where(scored[None, :, None], past[:, None, :], 0),
            mask=jnp.broadcast_to(scored, noise.shape).astype(jnp.float32),
        )

    def window_score(length: int, k: int) -> float:
        lags = np.arange(num_points) * length // num_points
        return float(np.mean(explained(lags, k, bandwidth)))

    return Task(
        sample=sample,
        interface=Interface(0, 1, num_points),
        max_length=max_length,
        loss=squared_error,
        metrics={"mse": squared_error, "memory_capacity": memory_capacity},
        score_metric="mse",
        floor=lambda length: 1.0,
        optimum=lambda length: 0.0,
        window_score=window_score,
        version=1,
    )
