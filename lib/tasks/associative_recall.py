"""Associative recall: one key is asked for, of all that were shown with their values.

The synthetic task of H3 (Fu et al. 2022, arXiv:2212.14052, table 1) and of its authors'
code. Each example has a map of its own from K keys 0..K-1 to values K..K+N-1, drawn
with replacement. floor(T/2) - 1 pairs of a random key and its value are shown, so keys
come up again, then a marker, M = K + N, and a key that was shown, all of those equally
likely. At odd T the marker also comes first, as a beginning.

An example (T = 10, num_keys = 3, num_values = 4):

    inputs   2 3 1 5 2 3 1 5 7 1
    targets  . . . . . . . . . 2

Scored: the last position, by accuracy; the class is the value less K. K and N do not
depend on the length: K is the load, the number of values that the state must hold.
Chance is 1/N. One who knows what values there are but not whose is right with 1/K where
all keys were shown and their values differ (`unbound_accuracy`, in the task's facts).

Kept must be log2 N bits for every key that was shown, K (1 - (1 - 1/K)^n) of them on
average after n pairs.

Of n pairs the last k inputs hold m = floor((k - 2)/2). With D_m the number of different
keys among those, the key is known with E[D_m/D_n], found from the chain of D: it rises
by 1 with 1 - D/K at each pair. A window that begins with a value guesses it where it
does not hold the key; it is the right one with E[(1 - D_m/K)/D_n], given that the key
of that value is new.
"""

import functools
import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound, Size
from lib.tasks.label import check_length, label_batch, label_task
from lib.types import Batch, PRNGKey, Split, Task


@functools.lru_cache(maxsize=64)
def _held(num_keys: int, num_pairs: int) -> np.ndarray:
    """E[1/D_n | D_m = d], float64 [n - m, d], for m = n, n - 1, .., 0."""
    count = np.arange(num_keys + 2, dtype=np.float64)
    new = np.clip(1 - count / num_keys, 0, 1)
    rows = [1 / np.maximum(count, 1)]
    for _ in range(num_pairs):
        more = np.append(rows[-1][1:], 0)
        rows.append((1 - new) * rows[-1] + new * more)
    return np.array(rows)


@functools.lru_cache(maxsize=64)
def _counts(num_keys: int, num_pairs: int) -> np.ndarray:
    """P(D_m = d), float64 [m, d], for m = 0, 1, .., n."""
    new = np.clip(1 - np.arange(num_keys + 2) / num_keys, 0, 1)
    rows = [np.eye(num_keys + 2)[0]]
    for _ in range(num_pairs):
        rows.append((1 - new) * rows[-1] + np.append(0, (new * rows[-1])[:-1]))
    return np.array(rows)


def make_associative_recall(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_keys: Size = 8,
    num_values: Annotated[int, Bound(2, 2**31 - 1)] = 8,
) -> Task:
    """Recall of one value by its key, in `length` inputs, at least 4."""
    check_length("associative_recall", max_length, 4)
    marker = num_keys + num_values
    most_pairs = max_length // 2 - 1

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, time last but for the batch, behind what every length needs: an
        # example does not depend on how far it is padded.
        shape = (2 * num_keys + most_pairs, batch_size)
        bits = jax.random.bits(key, shape, jnp.uint32).T
        value_bits, rank, key_bits = jnp.split(bits, [num_keys, 2 * num_keys], axis=1)
        value_of = num_keys + (value_bits % np.uint32(num_values)).astype(jnp.int32)
        shown = (key_bits % np.uint32(num_keys)).astype(jnp.int32)  # [B, n]
        example = jnp.arange(batch_size, dtype=jnp.int32)[:, None]
        pair = jnp.arange(most_pairs, dtype=jnp.int32)[None, :]
        there = jnp.zeros((batch_size, num_keys), bool)
        there = there.at[example, shown].max(pair < length // 2 - 1)
        # The key with the highest rank among those there: 0 is for the others.
        asked = jnp.argmax(jnp.where(there, rank | 1, 0), axis=1).astype(jnp.int32)
        asked = asked[:, None]
        values = jnp.take_along_axis(value_of, shown, axis=1)
        pairs = jnp.stack([shown, values], axis=-1).reshape(batch_size, -1)
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        odd = length % 2
        source = jnp.broadcast_to(position - odd, (batch_size, max_length))
        inputs = jnp.take_along_axis(pairs, source, axis=1, mode="clip")
        marked = (position == length - 2) | ((position == 0) & (odd == 1))
        inputs = jnp.where(marked, marker, inputs)
        scored = position == length - 1
        inputs = jnp.where(scored, asked, inputs)
        target = jnp.take_along_axis(value_of, asked, axis=1) - num_keys
        return label_batch(inputs, target, scored, length)

    def window_score(length: int, k: int) -> float:
        num_pairs = length // 2 - 1
        whole, lone = divmod(max(k - 2, 0), 2)
        whole = min(whole, num_pairs)
        different = _counts(num_keys, num_pairs)[whole]
        held = _held(num_keys, num_pairs)
        count = np.arange(num_keys + 2)
        known = different @ (count * held[num_pairs - whole])
        if lone and whole < num_pairs:
            new = np.clip(1 - count / num_keys, 0, 1)
            after = np.append(held[num_pairs - whole - 1][1:], 0)
            known += different @ (new * after)
        return float(known)

    def information(length: int) -> float:
        missing = (1 - 1 / num_keys) ** (length // 2 - 1)
        return num_keys * (1 - missing) * math.log2(num_values)

    return label_task(
        sample,
        marker + 1,
        num_values,
        max_length,
        floor=lambda length: 1 / num_values,
        window_score=window_score,
        information=information,
        facts={
            "num_keys": num_keys,
            "blind_accuracy": 1 / num_values,
            "unbound_accuracy": 1 / num_keys,
        },
    )
