"""Odds first: write the first, third, fifth .. symbol, then the others.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A); laid out as lib.tasks.transduction says, with the empty token V.

An example (T = 5, num_symbols = 2):

    inputs   1 0 0 1 1 2 2 2 2 2
    targets  . . . . . 1 0 1 0 1

Scored: the last T positions. Chance is 1/V a symbol (V: `num_symbols`). A window of k
inputs knows the symbols that are fewer than k steps back when they are asked: T at the
first, about T/2 where the odd ones end, T again where the even ones begin, or so. The
string has T log2(V) bits.
"""

import math

import numpy as np

from lib.tasks.dyck import Kinds
from lib.tasks.label import check_length, label_task
from lib.tasks.transduction import answer_after, exact_match, share_within, symbols_at
from lib.types import Split, Task


def make_odds_first(
    split: Split, batch_size: int, max_length: int, *, num_symbols: Kinds = 2
) -> Task:
    """A string of `length` symbols, at least 1, and reordered, in arrays of twice."""
    check_length("odds_first", max_length, 1)

    def source(i, length):
        num_odd = (length + 1) // 2
        return 2 * (i % num_odd) + i // num_odd

    def window_score(length: int, k: int) -> float:
        return share_within(source(np.arange(length), length), length, k)

    return label_task(
        answer_after(batch_size, max_length, num_symbols, 1, symbols_at(source)),
        num_symbols + 1,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=window_score,
        information=lambda length: length * math.log2(num_symbols),
        metrics={"exact_match": exact_match},
    )
