"""Duplicate: write the string twice, in the order in which it was read.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A); laid out as lib.tasks.transduction says, with the empty token V.

An example (T = 4, num_symbols = 2):

    inputs   1 0 0 1 2 2 2 2 2 2 2 2
    targets  . . . . 1 0 0 1 1 0 0 1

Scored: the last 2 T positions. Chance is 1/V a symbol (V: `num_symbols`). The first
copy is always T steps back, the second 2 T: a window of k inputs knows the first if
k > T, both if k > 2 T. The string has T log2(V) bits.
"""

import math

import numpy as np

from lib.tasks.dyck import Kinds
from lib.tasks.label import check_length, label_task
from lib.tasks.transduction import answer_after, exact_match, share_within, symbols_at
from lib.types import Split, Task


def make_duplicate(
    split: Split, batch_size: int, max_length: int, *, num_symbols: Kinds = 2
) -> Task:
    """A string of `length` symbols, at least 1, and two copies, in arrays of thrice."""
    check_length("duplicate", max_length, 1)
    answer = symbols_at(lambda i, length: i % length)

    def window_score(length: int, k: int) -> float:
        return share_within(np.tile(np.arange(length), 2), length, k)

    return label_task(
        answer_after(batch_size, max_length, num_symbols, 2, answer),
        num_symbols + 1,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=window_score,
        information=lambda length: length * math.log2(num_symbols),
        metrics={"exact_match": exact_match},
    )
