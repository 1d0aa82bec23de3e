"""One number of many runs and tasks, after rliable (Agarwal et al. 2021).

Aggregates are over runs and tasks, never over lengths: those are ordered, not
exchangeable, and have `area_under_curve`.
"""

from collections.abc import Sequence
from math import fsum

import numpy as np

from lib.stats.interval import LEVEL, RESAMPLES, Interval
from lib.stats.resample import Strata, generator_of, ordered, stratified


def interquartile_mean(values: Sequence[float]) -> float:
    """The mean without the lowest and the highest quarter (IQM), each rounded down."""
    if not len(values):
        raise ValueError("interquartile_mean: needs at least 1 value, got 0.")
    cut = len(values) // 4
    middle = sorted(values)[cut : len(values) - cut]
    return fsum(middle) / len(middle)


def iqm_interval(
    strata: Strata, level: float = LEVEL, resamples: int = RESAMPLES
) -> Interval:
    """Percentile bootstrap interval of the IQM over all runs of all tasks.

    `strata` are scores, one group a task with one value a seed; seeds are resampled
    within their task, so that a task keeps its weight.
    """
    groups = ordered(strata, "iqm_interval")
    generator = generator_of(*groups)
    drawn = [stratified(generator, group, resamples) for group in groups]
    pooled = np.sort(np.concatenate(drawn, axis=1), axis=1)
    cut = pooled.shape[1] // 4
    means = pooled[:, cut : pooled.shape[1] - cut].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    middle = interquartile_mean([value for group in groups for value in group])
    return Interval(min(float(low), middle), max(float(high), middle))


def expected_best_of(values: Sequence[float], count: int) -> float:
    """The mean of the best of `count` runs drawn from these, with replacement.

    The honest form of "our best run" (Dodge et al. 2019): the i-th smallest of N is the
    best of n draws with probability (i/N)^n - ((i-1)/N)^n.
    """
    if not len(values) or count < 1:
        raise ValueError(
            "expected_best_of: needs at least 1 value and a count of at least 1, "
            f"got {len(values)} and {count}."
        )
    total = len(values)
    return fsum(
        value * ((i / total) ** count - ((i - 1) / total) ** count)
        for i, value in enumerate(sorted(values), 1)
    )
