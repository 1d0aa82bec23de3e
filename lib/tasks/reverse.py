"""Reverse: write the string backwards, as a stack gives it back.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A); laid out as lib.tasks.transduction says, with the empty token V.

An example (T = 6, num_symbols = 2):

    inputs   1 0 0 1 1 1 2 2 2 2 2 2
    targets  . . . . . . 1 1 1 0 0 1

Scored: the last T positions. Chance is 1/V a symbol (V: `num_symbols`). Symbol i of the
answer, counted from 0, is 2 i + 1 steps back: a window of k inputs knows floor(k/2).
The string has T log2(V) bits.
"""

import math

import numpy as np

from lib.tasks.dyck import Kinds
from lib.tasks.label import check_length, label_task
from lib.tasks.transduction import answer_after, exact_match, share_within, symbols_at
from lib.types import Split, Task


def make_reverse(
    split: Split, batch_size: int, max_length: int, *, num_symbols: Kinds = 2
) -> Task:
    """A string of `length` symbols, at least 1, and its reverse, in arrays of twice."""
    check_length("reverse", max_length, 1)
    answer = symbols_at(lambda i, length: length - 1 - i)

    def window_score(length: int, k: int) -> float:
        return share_within(np.arange(length)[::-1], length, k)

    return label_task(
        answer_after(batch_size, max_length, num_symbols, 1, answer),
        num_symbols + 1,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=window_score,
        information=lambda length: length * math.log2(num_symbols),
        metrics={"exact_match": exact_match},
    )
