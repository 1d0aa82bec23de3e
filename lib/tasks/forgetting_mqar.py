"""Forgetting MQAR: which value did this key have last?

The variant of `mqar` in Zoology's code (Arora et al. 2023, arXiv:2312.04927) in which
some keys are given a new value: K pairs, then U pairs with U of the keys, in any order,
and values of their own; then each key is shown once more, in slots as those of `mqar`,
and its last value is asked for. Keys are of 1..V/2-1, the K + U values, which all
differ, of V/2..V-1, and 0 stands between queries.

An example (T = 12, num_pairs = 2, num_updates = 1, vocabulary_size = 12):

    inputs   1 10 5 11 5 8 5 0 1  0 0 0
    targets  . .  . .  . . 8 . 10 . . .

Scored: the K positions of queries, by accuracy. T is at least 4 K + 2 U. The chance is
that of `mqar`, 1/N of N = V/2 values; one who answers with the first value of a key has
1 - U/K (`first_value_accuracy`, in the facts of the task). Kept must be K values, given
the keys: log2(N!/(N - K)!) bits.

A window of the last inputs knows the last pairs of keys that it holds, which are the
updates and, with 1 - U/K each, the first pairs; one that begins with a value guesses
it.
"""

import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound, Positive, Size
from lib.tasks.label import label_task
from lib.tasks.mqar import (
    check_sizes,
    draw_different,
    query_window_score,
    window_accuracy,
)
from lib.tasks.query_slots import draw_slots, lay_out, shuffle, slot_chances
from lib.types import Batch, PRNGKey, Split, Task


def make_forgetting_mqar(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_pairs: Size = 4,
    num_updates: Size = 2,
    vocabulary_size: Annotated[int, Bound(4, 2**31 - 1)] = 64,
    query_power: Positive = 0.01,
) -> Task:
    """Recall of `num_pairs` values, `num_updates` of them new, in `length` inputs."""
    if num_updates > num_pairs:
        raise ValueError(
            f"forgetting_mqar: num_updates must be at most num_pairs, {num_pairs}, "
            f"got {num_updates}."
        )
    first_value = vocabulary_size // 2
    num_values = vocabulary_size - first_value
    num_shown = num_pairs + num_updates
    spare = first_value - 1 - num_pairs, num_values - num_shown
    check_sizes("forgetting_mqar", max_length, 2 * (num_shown + num_pairs), *spare)
    context_size = 2 * num_shown
    most_slots = (max_length - context_size) // 2
    # Rows of random bits: keys, values, which are updated, the order of queries, slots.
    ends = np.cumsum([2 * num_pairs, 2 * num_shown, num_pairs, num_pairs])

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, time first: an example does not depend on how far it is padded.
        bits = jax.random.bits(
            key, (int(ends[-1]) + most_slots, batch_size), jnp.uint32
        )
        key_bits, value_bits, update_bits, order_bits, race = jnp.split(bits, ends)
        asked = 1 + draw_different(key_bits, first_value - 1)
        values = first_value + draw_different(value_bits, num_values)
        pair = jnp.broadcast_to(jnp.arange(num_pairs, dtype=jnp.int32), asked.shape)
        updated = shuffle(update_bits, pair)[:, :num_updates]
        keys = jnp.concatenate([asked, jnp.take_along_axis(asked, updated, axis=1)], 1)
        context = jnp.stack([keys, values], axis=-1).reshape(batch_size, -1)
        example = jnp.arange(batch_size, dtype=jnp.int32)[:, None]
        last = values[:, :num_pairs].at[example, updated].set(values[:, num_pairs:])
        num_slots = (length - context_size) // 2
        slots = draw_slots(race, order_bits, num_slots, query_power)
        return lay_out(context, asked[..., None], last, slots, max_length)

    def window_score(length: int, k: int) -> float:
        chances = slot_chances((length - context_size) // 2, num_pairs, query_power)
        start = context_size + 2 * np.arange(len(chances)) - k + 1
        asked = np.full(num_shown, 1 / num_pairs)
        asked[:num_pairs] *= 1 - num_updates / num_pairs
        seen = window_accuracy(asked, num_values, start)
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
            "first_value_accuracy": 1 - num_updates / num_pairs,
        },
    )
