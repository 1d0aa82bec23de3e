"""Compositional MQAR: which value came with these two keys together?

The variant of `mqar` in Zoology's code (Arora et al. 2023, arXiv:2312.04927) with keys
of two parts: n first parts of 1..W-1 and n second parts of W..2W-1, W = V/3, make all
K = n^2 keys, each with a value of its own of 2W..V-1. The context is k1 k2 v, K times
in any order; behind it each key is shown once more, k1 at 3 K + 3 g with a slot g of
its own, k2 behind it, where the value is asked for. 0 stands between queries.

An example (T = 24, num_pairs = 4, vocabulary_size = 15):

    inputs   2 6 13 2 8 11 1 6 10 1 8 12 1 8 0  2 8 0  2 6 0  1 6 0
    targets  . . .  . . .  . . .  . . .  . 12 . . 11 . . 13 . . 10 .

Scored: the K positions of k2 in queries, by accuracy. K is a square and T at least 6 K.
Of (T - 3 K)/3 slots near ones are likelier, as in `mqar`. The floor is 1/N of N values;
one who goes by one part of the key alone has 1/n (`one_part_accuracy`, in the facts of
the task); one who knows only which values there are has 1/K. Kept must be the values,
given the keys: log2(N!/(N - K)!) bits.

A window knows the triples that it holds whole. One that begins with a value takes it
for the key that it does not know, which is right with 1/K in all; one that begins with
k2 and its value does so where k2 is asked for. Else it guesses among values not seen.
"""

import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.setting import Bound, Positive, Size
from lib.tasks.label import label_task
from lib.tasks.mqar import check_sizes, draw_different, query_window_score
from lib.tasks.query_slots import draw_slots, lay_out, shuffle, slot_chances
from lib.types import Batch, PRNGKey, Split, Task


def window_accuracy(
    side: int, num_values: int, start: Int[np.ndarray, " S"]
) -> Float[np.ndarray, " S"]:
    """Accuracy of the best predictor that sees side^2 triples from `start` on."""
    num_keys = side**2
    start = np.clip(start, 0, 3 * num_keys)
    missing = -(-start // 3)  # keys that are not held whole
    known = 1 - missing / num_keys
    unseen = num_values - (num_keys - missing)
    # How many missing keys are guessed among the values not seen: all, those with
    # another k2 than the one that begins the window, or none.
    other = (missing - 1) * side / (side + 1)
    rest = np.select([start % 3 == 0, start % 3 == 1], [missing, other], 0)
    lone = (start % 3 > 0).astype(float)
    free = np.maximum(unseen - lone, 1)
    return known + (lone + rest / free) / num_keys


def make_compositional_mqar(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_pairs: Size = 4,
    vocabulary_size: Annotated[int, Bound(6, 2**31 - 1)] = 96,
    query_power: Positive = 0.01,
) -> Task:
    """Recall of `num_pairs` values by two keys each, in `length` inputs."""
    side = math.isqrt(num_pairs)
    if side**2 != num_pairs:
        raise ValueError(
            f"compositional_mqar: num_pairs must be a square, got {num_pairs}."
        )
    part = vocabulary_size // 3
    num_values = vocabulary_size - 2 * part
    spare = part - 1 - side, num_values - num_pairs
    check_sizes("compositional_mqar", max_length, 6 * num_pairs, *spare)
    context_size = 3 * num_pairs
    most_slots = (max_length - context_size) // 3
    # Rows of random bits: parts, values, the order of keys and of queries, then slots.
    ends = np.cumsum([2 * side, 2 * side, 2 * num_pairs, num_pairs, num_pairs])

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, time first: an example does not depend on how far it is padded.
        bits = jax.random.bits(
            key, (int(ends[-1]) + most_slots, batch_size), jnp.uint32
        )
        parts = jnp.split(bits, ends)
        first = 1 + draw_different(parts[0], part - 1)  # [B, n]
        second = part + draw_different(parts[1], part)
        values = 2 * part + draw_different(parts[2], num_values)
        cell = jnp.broadcast_to(jnp.arange(num_pairs, dtype=jnp.int32), values.shape)
        cell = shuffle(parts[3], cell)
        asked = [
            jnp.take_along_axis(first, cell // side, axis=1),
            jnp.take_along_axis(second, cell % side, axis=1),
        ]
        context = jnp.stack([*asked, values], axis=-1).reshape(batch_size, -1)
        num_slots = (length - context_size) // 3
        slots = draw_slots(parts[5], parts[4], num_slots, query_power)
        return lay_out(context, jnp.stack(asked, -1), values, slots, max_length)

    def window_score(length: int, k: int) -> float:
        chances = slot_chances((length - context_size) // 3, num_pairs, query_power)
        start = context_size + 3 * np.arange(len(chances)) + 1 - k + 1
        seen = window_accuracy(side, num_values, start)
        return query_window_score(seen, chances, 1 / num_values)

    return label_task(
        sample,
        vocabulary_size,
        vocabulary_size,
        max_length,
        floor=lambda length: 1 / num_values,
        window_score=window_score,
        information=lambda length: math.log2(math.perm(num_values, num_pairs)),
        facts={
            "num_pairs": num_pairs,
            "blind_accuracy": 1 / num_values,
            "unbound_accuracy": 1 / num_pairs,
            "one_part_accuracy": 1 / side,
        },
    )
