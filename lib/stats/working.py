"""How sensitive a model is to a setting: the range of values with which it works."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from lib.stats.horizon import THRESHOLD

SHARE = 0.9  # of the best score: a value that reaches it works as well as the best
# The least best score of a cell that learned something. One that learned nothing has
# the best of several scores that scatter around 0 by the drawing of examples: by 0.03
# for the accuracy of two answers over 1000 of them, twice that over 250.
LEARNED = 0.2


class WorkingRange(NamedTuple):
    """The tried values around the best one with which a model works.

    `open_low`, `open_high`: the range ends where the tried values do, so that it may
    reach further. One value works by itself where `low` is `high`.
    """

    low: float
    high: float
    open_low: bool
    open_high: bool

    @property
    def decades(self) -> float:
        """log10(high / low): 0.5 is a factor of 3."""
        return math.log10(self.high / self.low)

    def __str__(self) -> str:
        ends = f"{self.low:g}"
        if self.high > self.low:
            ends += f" to {self.high:g}"
        at_least = "≥ " if self.open_low or self.open_high else ""
        return f"{ends} ({at_least}{self.decades:.1f} decades)"


def working_range(
    scores: Mapping[float, float | None],
    share: float = SHARE,
    threshold: float = THRESHOLD,
) -> WorkingRange | None:
    """The values that score at least `share` of the best score, or `threshold`.

    `scores` are in [0, 1] by positive value; None: no run of it was sound. Of the
    values that work, those that follow each other around a best one; among several such
    ranges the widest, then the lowest. None where no score reaches `LEARNED`: what
    learned nothing works nowhere; or where a value or a score is not of its kind.
    """
    tried = sorted(scores)
    known = [score for score in scores.values() if score is not None]
    best = max(known, default=0.0)
    if not LEARNED <= best <= 1 or not tried[0] > 0 or not math.isfinite(tried[-1]):
        return None
    level = min(share * best, threshold)
    works = [score is not None and score >= level for score in map(scores.get, tried)]
    found: list[tuple[float, int, int]] = []
    for place in (i for i, value in enumerate(tried) if scores[value] == best):
        low = high = place
        while low > 0 and works[low - 1]:
            low -= 1
        while high < len(tried) - 1 and works[high + 1]:
            high += 1
        found.append((-math.log(tried[high] / tried[low]), low, high))
    _, low, high = min(found)
    return WorkingRange(tried[low], tried[high], low == 0, high == len(tried) - 1)
