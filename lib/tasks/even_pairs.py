"""Even pairs: is the number of unequal neighbours odd? Asked at the end.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A). A sequence of T uniform bits; the target is the number of neighbours that
differ, modulo 2, which is whether the first bit and the last one do.

An example (T = 8):

    inputs   1 0 0 1 1 1 1 0
    targets  . . . . . . . 1

Scored: the last position, T - 1. One bit is to be kept over the whole sequence: any
window of fewer than T inputs is at chance, 1/2.
"""

import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import check_length, draw_bits, label_batch, label_task, remainder
from lib.types import Batch, PRNGKey, Split, Task


def make_even_pairs(split: Split, batch_size: int, max_length: int) -> Task:
    """Whether the first and the last of `length` bits differ, at least 2."""
    check_length("even_pairs", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        bits = remainder(draw_bits(key, max_length, batch_size), 2)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        # What a later bit answers does not matter: only the last position is scored.
        unequal = jnp.bitwise_xor(bits, bits[:, :1])
        return label_batch(bits, unequal, place == length - 1, length)

    return label_task(
        sample,
        2,
        2,
        max_length,
        floor=lambda length: 0.5,
        window_score=lambda length, k: float(k >= length),
        information=lambda length: 1.0,
    )
