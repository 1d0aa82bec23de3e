"""Temporal order: which of two symbols came at each of two (or three) times.

Long short-term memory (Hochreiter, Schmidhuber 1997, section 5.6), in the version of
Pascanu, Mikolov, Bengio 2013 (arXiv:1211.5063, section 4.1.2) and their code. Of six
symbols 0 and 1 carry a bit, 2..5 are distractors, drawn uniformly everywhere else. The
bits v_0, v_1 stand at p_0 ~ floor(T/10) + U{0..w-1} and p_1 ~ floor(T/2) + U{0..w-1},
with w = floor(T/10), here at least 1; the class is v_0 + 2 v_1. With `num_symbols` 3
they begin at T/10, 3T/10 and 6T/10, and the class is v_0 + 2 v_1 + 4 v_2.

An example (T = 12):

    inputs   5 0 3 4 5 4 1 3 3 4 5 2
    targets  . . . . . . . . . . . 2

`num_distractors` n is 4 as in the paper. With others distractors are 2..n+1, which
changes neither the chance nor what a window knows.

Scored: the last position, T - 1, by accuracy. Chance is 1/4 (1/8 with three symbols),
a loss of ln 4 (ln 8).

Bits are independent, so a window that holds j of them, always the last ones, is right
with 2^-(n - j): 1/2 where it holds the second of two and not the first.
"""

from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Added, Bound
from lib.tasks.label import check_length, label_batch, label_task
from lib.types import Batch, PRNGKey, Split, Task

# Where the span of each symbol begins, in tenths of the length.
STARTS = {2: (1, 5), 3: (1, 3, 6)}


def spans(length: int, num_symbols: int) -> list[tuple[int, int]]:
    """The first position of each symbol and the number of positions it may have."""
    width = max(1, length // 10)
    ends = [max(i, length * s // 10) for i, s in enumerate(STARTS[num_symbols])]
    return [(start, width) for start in ends]


def make_temporal_order(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_symbols: Annotated[int, Bound(2, 3)] = 2,
    num_distractors: Annotated[int, Bound(1, 2**31 - 3), Added()] = 4,
) -> Task:
    """The order of `num_symbols` bits among `length` inputs, at least 4."""
    check_length("temporal_order", max_length, 4)
    num_classes = 2**num_symbols

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, time first: an example does not depend on how far it is padded.
        shape = (max_length + 2 * num_symbols, batch_size)
        drawn = jax.random.bits(key, shape, jnp.uint32)
        place_bits, value_bits, rest = jnp.split(drawn, [num_symbols, 2 * num_symbols])
        inputs = 2 + (rest % np.uint32(num_distractors)).astype(jnp.int32).T
        values = (value_bits % np.uint32(2)).astype(jnp.int32)
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        width = jnp.maximum(length // 10, 1).astype(jnp.uint32)
        target = jnp.zeros((batch_size, 1), jnp.int32)
        for i, tenths in enumerate(STARTS[num_symbols]):
            offset = (place_bits[i] % width).astype(jnp.int32)
            place = jnp.maximum(length * tenths // 10, i) + offset
            value = values[i][:, None]
            inputs = jnp.where(position == place[:, None], value, inputs)
            target = target + 2**i * value
        scored = position == length - 1
        return label_batch(inputs, target, scored, length)

    def window_score(length: int, k: int) -> float:
        held = [
            min(max(start + width - (length - k), 0), width) / width
            for start, width in spans(length, num_symbols)
        ]
        # Spans do not overlap: all symbols behind one that is held are held too.
        reached = np.prod([(1 + chance) / 2 for chance in held])
        chance = 1 / num_classes
        return float((reached - chance) / (1 - chance))

    return label_task(
        sample,
        2 + num_distractors,
        num_classes,
        max_length,
        floor=lambda length: 1 / num_classes,
        window_score=window_score,
        information=lambda length: float(num_symbols),
    )
