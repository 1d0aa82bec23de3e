"""Cycle navigation: where on a ring do the moves end? Asked at the end.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A). A walk begins at 0 on a ring of m places (`cycle_length`, 5 as published);
each of T moves is to stay (0), to go on by one (1) or back by one (2), equally likely.
The target is the place where it ends.

An example (T = 8):

    inputs   0 0 0 2 0 2 2 1
    targets  . . . . . . . 3

Scored: the last position, T - 1. Chance is the likeliest place, on a ring of five
always 0, with probability (1/m) sum_j ((1 + 2 cos(2 pi j/m))/3)^T: 1/3 after one move,
which falls towards 1/5 as 0.539^T. A window of k inputs guesses the sum of the moves
before it as well as one guesses the answer at length T - k.
"""

import functools
import math
from typing import Annotated

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound
from lib.tasks.label import (
    above_floor,
    check_length,
    draw_bits,
    label_batch,
    label_task,
    remainder,
)
from lib.types import Batch, PRNGKey, Split, Task


@functools.cache
def likeliest(num_moves: int, cycle_length: int) -> float:
    """The probability of the likeliest place after so many moves."""
    angle = 2 * np.pi * np.arange(cycle_length) / cycle_length
    decay = ((1 + 2 * np.cos(angle)) / 3) ** num_moves  # of each Fourier component
    return float(np.max(np.fft.ifft(decay).real))


def make_cycle_navigation(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    cycle_length: Annotated[int, Bound(2, 1000)] = 5,
) -> Task:
    """The place on a ring after `length` moves, at least 1."""
    check_length("cycle_navigation", max_length, 1)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        moves = remainder(draw_bits(key, max_length, batch_size), 3)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        steps = jnp.where(moves == 2, -1, moves)
        total = jnp.sum(jnp.where(place < length, steps, 0), axis=1, keepdims=True)
        end = jnp.broadcast_to(total % cycle_length, moves.shape)
        return label_batch(moves, end, place == length - 1, length)

    def floor(length: int) -> float:
        return likeliest(length, cycle_length)

    def window_score(length: int, k: int) -> float:
        reached = likeliest(max(length - k, 0), cycle_length)
        return above_floor(reached, floor(length))

    return label_task(
        sample,
        3,
        cycle_length,
        max_length,
        floor=floor,
        window_score=window_score,
        information=lambda length: math.log2(cycle_length),
    )
