"""Cumulative parity: is the number of ones so far odd? Asked at every step.

The language of `parity` with its whole course as targets, which is far easier to learn:
the state is taught step by step, never a long way back (zoology, Arora et al. 2023,
arXiv:2312.04927). A score here says nothing about `parity`.

An example (T = 8):

    inputs   0 0 1 1 0 1 1 0
    targets  0 0 1 0 0 1 0 0

Scored: every position. Chance is 1/2 where bits are 1 with probability p = 1/2
(`density`), else (1 + |1 - 2p|^t)/2 at step t. A window of k inputs sees the whole past
at the first k steps, a share of k/T, and is at chance after them.
"""

import functools

import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import above_floor, check_length, label_batch, label_task
from lib.tasks.parity import Density, best_guess, draw_ones
from lib.types import Batch, PRNGKey, Split, Task


@functools.cache
def course(length: int, k: int, density: float) -> float:
    """The mean over the steps of how often the best guess from k inputs is right."""
    unseen = (max(t - k, 0) for t in range(1, length + 1))
    return sum(best_guess(n, density) for n in unseen) / length


def make_cumulative_parity(
    split: Split, batch_size: int, max_length: int, *, density: Density = 0.5
) -> Task:
    """The parity of the bits read so far, at each of `length` steps, at least 1."""
    check_length("cumulative_parity", max_length, 1)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        ones = draw_ones(key, max_length, batch_size, density)
        parity = jnp.cumsum(ones, axis=1) % 2
        return label_batch(ones, parity, jnp.ones((1, max_length), bool), length)

    def window_score(length: int, k: int) -> float:
        return above_floor(course(length, k, density), course(length, 0, density))

    return label_task(
        sample,
        2,
        2,
        max_length,
        floor=lambda length: course(length, 0, density),
        window_score=window_score,
        information=lambda length: 1.0,
    )
