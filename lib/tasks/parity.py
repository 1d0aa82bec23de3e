"""Parity: is the number of ones odd? Asked at the end.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A). A sequence of T bits, each 1 with probability p (`density`, 1/2 as
published); the target is their sum modulo 2.

An example (T = 8):

    inputs   0 0 1 1 0 1 1 0
    targets  . . . . . . . 0

Scored: the last position, T - 1. All or nothing: the sum of n unseen bits is even with
probability (1 + (1 - 2p)^n)/2, which for p = 1/2 leaves a window of fewer than T inputs
at chance, 1/2. A density other than 1/2 makes long sequences with few ones, distance
without load, and short sequences easier to guess.
"""

from typing import Annotated

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound
from lib.tasks.label import above_floor, check_length, label_batch, label_task
from lib.types import Batch, PRNGKey, Split, Task

Density = Annotated[float, Bound(0.01, 0.99)]


def draw_ones(
    key: PRNGKey, num_steps: int, batch_size: int, density: float
) -> Int[Array, "B T"]:
    """Bits that are 1 with a probability, to one in 2^32."""
    bits = jax.random.bits(key, (num_steps, batch_size), jnp.uint32).T
    return (bits < jnp.uint32(round(density * 2**32))).astype(jnp.int32)


def best_guess(num_unseen: int, density: float) -> float:
    """How often the likelier parity of so many unseen bits is theirs."""
    return (1 + abs(1 - 2 * density) ** num_unseen) / 2


def make_parity(
    split: Split, batch_size: int, max_length: int, *, density: Density = 0.5
) -> Task:
    """The parity of `length` bits, at least 1, answered at the last of them."""
    check_length("parity", max_length, 1)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        ones = draw_ones(key, max_length, batch_size, density)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        total = jnp.sum(jnp.where(place < length, ones, 0), axis=1, keepdims=True)
        parity = jnp.broadcast_to(total % 2, ones.shape)
        return label_batch(ones, parity, place == length - 1, length)

    def floor(length: int) -> float:
        return best_guess(length, density)

    def window_score(length: int, k: int) -> float:
        return above_floor(best_guess(max(length - k, 0), density), floor(length))

    return label_task(
        sample,
        2,
        2,
        max_length,
        floor=floor,
        window_score=window_score,
        information=lambda length: 1.0,
    )
