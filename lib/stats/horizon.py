"""How far back a seed remembers, and what that is over seeds.

A horizon is one of the tested lengths, or censored: no statistic here turns it into a
number that was not tested.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

THRESHOLD = 0.9  # the score from which a length counts as remembered
RELIABLE = 0.9  # the fraction of seeds that a reliable horizon asks for
NEAR_FULL = 0.01  # nats: a loss this close to the full context's has used it all


class Horizon(NamedTuple):
    """A tested length, or what is known when none of them is the answer.

    `position` indexes `lengths`, in rising order. -1 says that even the shortest is
    too long, the last one that the true value may lie beyond the tests: both are
    censored, have no number, and only order against their like.
    """

    position: int
    lengths: tuple[int, ...]

    @property
    def censored(self) -> bool:
        return self.position in (-1, len(self.lengths) - 1)

    def __str__(self) -> str:
        if self.position < 0:
            return f"< {self.lengths[0]}"
        last = self.position == len(self.lengths) - 1
        return f"{'>= ' if last else ''}{self.lengths[self.position]}"


class HorizonInterval(NamedTuple):
    low: Horizon
    high: Horizon


def horizon(
    scores: Mapping[int, float],
    lengths: Sequence[int],
    threshold: float = THRESHOLD,
) -> Horizon | None:
    """The largest of `lengths` with score >= threshold at it and every shorter one.

    `scores` are one seed's, by length. None where a missing score leaves it open.
    """
    tested = tuple(sorted(set(lengths)))
    if not tested:
        return None
    for position, length in enumerate(tested):
        if length not in scores:
            return None
        if scores[length] < threshold:
            return Horizon(position - 1, tested)
    return Horizon(len(tested) - 1, tested)


def effective_context(
    losses: Mapping[int, float], tolerance: float = NEAR_FULL
) -> Horizon | None:
    """The smallest context k whose loss is within `tolerance` nats of the longest's.

    `losses` are nats a character by k, one seed's. The longest k itself is censored:
    the loss was still falling there. None where a loss is not finite.
    """
    tested = tuple(sorted(losses))
    if not tested or not all(math.isfinite(losses[k]) for k in tested):
        return None
    limit = losses[tested[-1]] + tolerance
    near = next(i for i, k in enumerate(tested) if losses[k] <= limit)
    return Horizon(near, tested)


def median_horizon(horizons: Sequence[Horizon]) -> Horizon:
    """The middle seed's value; of an even number the lower of the two in the middle.

    Censored values take their place in the order; none is turned into a number.
    """
    return sorted(horizons)[(_same_lengths(horizons) + 1) // 2 - 1]


def reliable_horizon(
    horizons: Sequence[Horizon], fraction: float = RELIABLE
) -> Horizon:
    """The largest value that at least `fraction` of the seeds reach."""
    count = _same_lengths(horizons)
    # The guard keeps 0.9 * 10 from asking for ten of ten by rounding.
    needed = math.ceil(fraction * count - 1e-9)
    return sorted(horizons, reverse=True)[max(needed, 1) - 1]


def median_horizon_interval(
    horizons: Sequence[Horizon], level: float = 0.95
) -> HorizonInterval:
    """Percentile bootstrap interval of the median over seeds.

    Exact, without resampling: the k-th smallest of n draws is at most the j-th
    smallest value with probability P(Binomial(n, j / n) >= k).
    """
    count = _same_lengths(horizons)
    ordered = sorted(horizons)
    middle = (count + 1) // 2
    below = [_binomial_tail(count, j / count, middle) for j in range(1, count + 1)]
    tail = (1 - level) / 2
    low = next(i for i, p in enumerate(below) if p >= tail)
    high = next(i for i, p in enumerate(below) if p >= 1 - tail)
    return HorizonInterval(ordered[low], ordered[high])


def _same_lengths(horizons: Sequence[Horizon]) -> int:
    if not horizons:
        raise ValueError("horizons: needs at least 1 seed, got 0.")
    if len({item.lengths for item in horizons}) > 1:
        raise ValueError("horizons: seeds tested at different lengths do not compare.")
    return len(horizons)


def _binomial_tail(trials: int, probability: float, at_least: int) -> float:
    return math.fsum(
        math.comb(trials, hits)
        * probability**hits
        * (1 - probability) ** (trials - hits)
        for hits in range(at_least, trials + 1)
    )
