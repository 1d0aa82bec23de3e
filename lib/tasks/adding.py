"""Adding: the sum of two marked numbers, one in each half of the sequence.

Long short-term memory (Hochreiter, Schmidhuber 1997, section 5.4), in the version with
one marker a half (Gu, Goel, Re 2021, arXiv:2111.00396; Rusch, Mishra 2020,
arXiv:2010.00951). The input at t is (u_t, m_t) with u_t ~ U[0, 1); m is 1 at two
positions, i ~ U{0..floor(T/2)-1} and j ~ U{floor(T/2)..T-1}, and 0 elsewhere. The
target is u_i + u_j.

An example (T = 8):

    values   0.84 0.18 0.23 0.12 0.19 0.72 0.77 0.15
    markers     0    1    0    0    1    0    0    0
    targets     .    .    .    .    .    .    . 0.37

Scored: the last position, T - 1, by squared error. Chance is the variance of the
target, 2/12 = 1/6, reached by the constant 1.

A window of the last k inputs reaches (1/6)(1 - k/T) for even T: each marked number that
it does not hold costs 1/12, and the share it holds grows evenly with k.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import check_length
from lib.tasks.marked import at, draw_uniform, marked_batch, marked_task
from lib.types import Batch, PRNGKey, Split, Task


def window_score(length: int, k: int) -> float:
    """The mean share of the two marked numbers that the last k inputs hold.

    k/T for even T; for odd T the second half is one longer, which this counts.
    """
    first_half = length // 2
    second_half = length - first_half
    in_second = min(k, second_half) / second_half
    in_first = min(max(k - second_half, 0), first_half) / first_half
    return (in_first + in_second) / 2


def make_adding(split: Split, batch_size: int, max_length: int) -> Task:
    """Addition of two marked numbers among `length` inputs, at least 2."""
    check_length("adding", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        value_key, place_key = jax.random.split(key)
        values = draw_uniform(value_key, max_length, batch_size)
        # The remainder of 32 bits is uniform to one in 2^32 / length.
        bits = jax.random.bits(place_key, (2, batch_size, 1), jnp.uint32)
        half = length // 2
        halves = jnp.stack([half, length - half])[:, None, None].astype(jnp.uint32)
        first, second = (bits % halves).astype(jnp.int32)  # each [B, 1]
        second = half + second
        total = at(values, first) + at(values, second)
        return marked_batch(values, first, second, total, length)

    return marked_task(sample, max_length, floor=1 / 6, window_score=window_score)
