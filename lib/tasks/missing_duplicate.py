"""Missing duplicate: which bit is missing from a string that is read twice?

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A). floor(T/2) uniform bits are read twice; one of all, uniform, is hidden by
the token 2. An odd length ends with the token 3, as in the authors' code.

An example (T = 9):

    inputs   0 0 1 1 0 0 1 2 3
    targets  . . . . . . . . 1

Scored: the last position, T - 1. Chance is 1/2. The bit is known if its other copy is
in the window, and the 2 as well; where the window does not hold the 2, the more
frequent of the bits that may be the other copy is a guess.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import check_length, draw_bits, label_batch, label_task, remainder
from lib.types import Batch, PRNGKey, Split, Task

HIDDEN, END = 2, 3


def _most(num_bits: int) -> float:
    """The expected number of the more frequent of so many fair bits."""
    if not num_bits:
        return 0.0
    excess = num_bits * math.comb(num_bits - 1, (num_bits - 1) // 2)
    return num_bits / 2 + excess / 2**num_bits


def best_accuracy(length: int, k: int) -> float:
    """How often the best guess from the last k inputs is right."""
    half = length // 2
    seen = min(max(k - length % 2, 0), 2 * half)  # of both copies
    unseen = 2 * half - seen
    hidden = np.arange(unseen, 2 * half)  # the places in the window
    known = int(np.sum((hidden + half) % (2 * half) >= unseen))
    candidates = min(unseen, seen) if unseen <= half else seen
    right = known + (seen - known) / 2 + _most(candidates) + (unseen - candidates) / 2
    return right / (2 * half)


def make_missing_duplicate(split: Split, batch_size: int, max_length: int) -> Task:
    """The hidden bit of a string read twice in `length` inputs, at least 2."""
    check_length("missing_duplicate", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        bits = draw_bits(key, max_length + 1, batch_size)
        half = length // 2
        place = jnp.arange(max_length, dtype=jnp.int32)
        string = jnp.take(remainder(bits[:, 1:], 2), place % half, axis=1)
        at = bits[:, :1] % (2 * half).astype(jnp.uint32)
        place = place[None, :]
        is_hidden = place == at.astype(jnp.int32)
        missing = jnp.sum(jnp.where(is_hidden, string, 0), axis=1, keepdims=True)
        inputs = jnp.where(is_hidden, HIDDEN, jnp.where(place < 2 * half, string, END))
        targets = jnp.broadcast_to(missing, inputs.shape)
        return label_batch(inputs, targets, place == length - 1, length)

    return label_task(
        sample,
        4,
        2,
        max_length,
        floor=lambda length: 0.5,
        window_score=lambda length, k: 2 * best_accuracy(length, k) - 1,
        information=None,  # one bit is asked, but half of the inputs are to be kept
    )
