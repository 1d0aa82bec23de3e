"""Copying with a lag: at every step, the symbol that was read T steps before.

The copying of S4's code with `lag` (Gu, Goel, Re 2021, arXiv:2111.00396). Every input
is one of A symbols, drawn uniformly, and from step T on the target is x_{t - T}: a
queue that must hold T symbols at once, so that here the load grows with the distance.

An example (T = 3, num_answers = 5, num_symbols = 4):

    inputs   3 2 0 1 3 3 1 2
    targets  . . . 3 2 0 1 3

Scored: the last M steps of T + M, M = `num_answers`. The `length` of this task is the
lag T, and the arrays are M longer. Chance is 1/A, a loss of ln A nats. At the first
answer min(T, M) symbols are to be kept, log2 A bits each.

A window of the last k inputs knows the answer if k is above T, else nothing of it.
"""

import math
from typing import Annotated

import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound, Size
from lib.tasks.label import check_length, draw_bits, label_batch, label_task, remainder
from lib.types import Batch, PRNGKey, Split, Task


def make_lag_copy(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_answers: Size = 16,
    num_symbols: Annotated[int, Bound(2, 2**31 - 1)] = 8,
) -> Task:
    """Repetition of `num_answers` symbols `length` steps later, at least 1."""
    check_length("lag_copy", max_length, 1)
    array_length = max_length + num_answers

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        bits = draw_bits(key, array_length, batch_size)
        position = jnp.arange(array_length, dtype=jnp.int32)[None, :]
        symbols = remainder(bits, num_symbols)
        answers = jnp.roll(symbols, length, axis=1)
        return label_batch(symbols, answers, position >= length, length + num_answers)

    return label_task(
        sample,
        num_symbols,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=lambda length, k: float(k > length),
        information=lambda length: min(length, num_answers) * math.log2(num_symbols),
    )
