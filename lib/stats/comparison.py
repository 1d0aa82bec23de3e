"""Is one model better than another? Differences over the same seeds, and a verdict.

Scores come as strata: one group a task, one value a seed. Two models are paired where
they have the same seeds, data order and test examples; seeds are compared only within
their task. A verdict is about these tasks and this budget, and "cannot tell" is one.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from lib.stats.interval import LEVEL, RESAMPLES, Interval
from lib.stats.paired import mean_difference, paired_interval, sign_flip_p
from lib.stats.resample import Strata, generator_of, ordered

Verdict = Literal["better", "worse", "cannot tell"]
FEW_SEEDS = 3  # with so few a task no difference is ever called significant


class Comparison(NamedTuple):
    """What the runs say of a first model against a second, before any verdict."""

    seeds: int  # of the task that has fewest
    pairs: int  # over all tasks
    difference: float  # mean over tasks of the mean over seeds
    difference_interval: Interval
    improvement: float  # P(first > second), ties half
    improvement_interval: Interval
    p_value: float  # two-sided, of the sign-flip test


def compare(first: Strata, second: Strata, level: float = LEVEL) -> Comparison:
    """Compares two models whose strata list the same seeds in the same order.

    Raises ValueError where they are not paired.
    """
    if [len(x) for x in first] != [len(y) for y in second]:
        raise ValueError("compare: both models need the same seeds in every task.")
    differences = [
        [a - b for a, b in zip(x, y, strict=True)]
        for x, y in zip(first, second, strict=True)
    ]
    return Comparison(
        min(map(len, differences), default=0),
        sum(map(len, differences)),
        mean_difference(differences),
        paired_interval(differences, level),
        probability_of_improvement(first, second),
        improvement_interval(first, second, level),
        sign_flip_p(differences),
    )


def probability_of_improvement(first: Strata, second: Strata) -> float:
    """P(a run of the first scores above one of the second), ties half, mean over tasks.

    The Mann-Whitney statistic as a share (Agarwal et al. 2021, section 4.3): all pairs
    of runs of a task, whatever their seeds.
    """
    wins = _wins(*_tasks(first, second))
    return float(np.mean([task.mean() for task in wins]))


def improvement_interval(
    first: Strata, second: Strata, level: float = LEVEL, resamples: int = RESAMPLES
) -> Interval:
    """Percentile bootstrap interval of `probability_of_improvement`.

    The runs of each model are resampled within their task. Swapping the models gives
    the mirrored interval.
    """
    xs, ys = _tasks(first, second)
    tails = [(1 - level) / 2, (1 + level) / 2]
    if _key(ys, xs) < _key(xs, ys):
        high, low = 1 - np.quantile(_resampled_shares(ys, xs, resamples), tails)
    else:
        low, high = np.quantile(_resampled_shares(xs, ys, resamples), tails)
    middle = probability_of_improvement(first, second)
    return Interval(min(float(low), middle), max(float(high), middle))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of a family of tests, adjusted by Holm's step-down method (1979).

    Those at most alpha may be called significant together: the probability of any false
    one among them is at most alpha.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def verdict(
    difference: float, seeds: int, adjusted_p: float, level: float = LEVEL
) -> Verdict:
    """What may be said of the first model, with the p-value of the whole family.

    `seeds` are those of the task that has fewest: "cannot tell" wherever they are 3 or
    fewer, whatever the p-value.
    """
    if seeds <= FEW_SEEDS or adjusted_p > 1 - level + 1e-12 or difference == 0:
        return "cannot tell"
    return "better" if difference > 0 else "worse"


def _tasks(first: Strata, second: Strata) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Both models' runs task by task, in an order that only the values set."""
    if len(first) != len(second):
        raise ValueError(
            f"improvement: both models need the same tasks, got {len(first)} and "
            f"{len(second)}."
        )
    pairs = [
        (ordered([x], "improvement")[0], ordered([y], "improvement")[0])
        for x, y in zip(first, second, strict=True)
    ]
    if not pairs:
        raise ValueError("improvement: needs at least 1 task, got 0.")
    both = lambda pair: [values.tolist() for values in pair]
    pairs.sort(key=lambda pair: (sorted(both(pair)), both(pair)))
    return [x for x, _ in pairs], [y for _, y in pairs]


def _key(xs: list[np.ndarray], ys: list[np.ndarray]) -> list[list[float]]:
    return [values.tolist() for pair in zip(xs, ys, strict=True) for values in pair]


def _wins(xs: list[np.ndarray], ys: list[np.ndarray]) -> list[np.ndarray]:
    """1 where a run of the first is above one of the second, 1/2 where equal."""
    return [
        (x[:, None] > y[None]) + 0.5 * (x[:, None] == y[None])
        for x, y in zip(xs, ys, strict=True)
    ]


def _resampled_shares(
    xs: list[np.ndarray], ys: list[np.ndarray], resamples: int
) -> np.ndarray:
    """Probabilities of improvement of resampled runs, [resamples]."""
    generator = generator_of(*xs, *ys)
    shares = np.zeros(resamples)
    for win in _wins(xs, ys):
        # How often each run is drawn: [resamples, n]
        rows, columns = (
            generator.multinomial(size, np.full(size, 1 / size), size=resamples)
            for size in win.shape
        )
        shares += np.einsum("rx,xy,ry->r", rows, win, columns, optimize=True) / win.size
    shares /= len(xs)
    if _key(ys, xs) == _key(xs, ys):  # a model against its like
        shares = np.concatenate([shares, 1 - shares])
    return shares
