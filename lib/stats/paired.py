"""Paired differences over the same seeds: their mean, its interval and a test.

Strata hold the differences of two models, one group a task, one value a seed; every
task weighs the same.
"""

from math import fsum
from statistics import NormalDist, fmean

import numpy as np

from lib.stats.interval import LEVEL, RESAMPLES, Interval
from lib.stats.resample import Strata, generator_of, ordered, stratified

EXACT_PAIRS = 16  # up to so many pairs all 2^n signs are tried: 65,536
FLIPS = 20_000  # beyond them so many are drawn
_NORMAL = NormalDist()


def mean_difference(differences: Strata) -> float:
    """The mean over tasks of the mean over seeds."""
    groups = ordered(differences, "mean_difference")
    return fmean(fmean(group.tolist()) for group in groups)


def paired_interval(
    differences: Strata, level: float = LEVEL, resamples: int = RESAMPLES
) -> Interval:
    """BCa bootstrap interval of `mean_difference` (Efron 1987).

    Seeds are resampled within their task. Bias-corrected and accelerated, with the
    acceleration of several samples as in `scipy.stats.bootstrap`. Negated differences
    give the mirrored interval.
    """
    groups = ordered(differences, "paired_interval")
    values = [group.tolist() for group in groups]
    mirrored = sorted(sorted(0.0 - value for value in group) for group in values)
    if mirrored < values:
        low, high = paired_interval(mirrored, level, resamples)
        return Interval(-high, -low)
    generator = generator_of(*groups)
    drawn = [stratified(generator, g, resamples).mean(axis=1) for g in groups]
    means = np.mean(drawn, axis=0)
    if mirrored == values:  # symmetric differences have a symmetric interval
        means = np.concatenate([means, -means])
    middle = mean_difference(values)
    low, high = np.quantile(means, _bca_levels(groups, means, middle, level))
    return Interval(min(float(low), middle), max(float(high), middle))


def sign_flip_p(differences: Strata) -> float:
    """The two-sided p-value of the sign-flip test of paired differences.

    Under the null hypothesis the two models' scores of a task and seed could be
    exchanged: each difference's sign is a fair coin. p is the share of all signs whose
    |mean| is at least the one found; exact up to `EXACT_PAIRS` pairs, and beyond from
    `FLIPS` draws with the observed one counted in, so that it is never 0. n pairs give
    no p-value under 2^(1-n).
    """
    groups = ordered(differences, "sign_flip_p")
    weighted = np.concatenate([group / group.size for group in groups])
    observed = abs(fsum(weighted))
    count = weighted.size
    if count <= EXACT_PAIRS:
        bits = np.arange(2**count)[:, None] >> np.arange(count) & 1
        return float(np.mean(_reaches((2.0 * bits - 1) @ weighted, observed)))
    signs = generator_of(np.sort(np.abs(weighted))).integers(2, size=(FLIPS, count))
    hits = np.count_nonzero(_reaches((2.0 * signs - 1) @ weighted, observed))
    return (1 + int(hits)) / (1 + FLIPS)


def smallest_p(pairs: int) -> float:
    """The smallest p-value that the sign-flip test of so many pairs can give."""
    exact = 2.0 ** (1 - pairs)
    return min(exact, 1.0) if pairs <= EXACT_PAIRS else max(exact, 1 / (1 + FLIPS))


def _reaches(flipped: np.ndarray, observed: float) -> np.ndarray:
    # Sums of the same numbers in another order differ in their last bits.
    return np.abs(flipped) >= observed - 1e-12 * max(observed, 1.0)


def _bca_levels(
    groups: list[np.ndarray], means: np.ndarray, middle: float, level: float
) -> list[float]:
    """The quantiles of the resampled means that bound the interval."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    below = (np.mean(means < middle) + np.mean(means <= middle)) / 2
    # Influence of one seed on the mean of the tasks' means, as by the jackknife.
    influences = [(group - group.mean()) / len(groups) for group in groups]
    squares = sum(np.sum(u**2) / u.size**2 for u in influences)
    if not 0 < below < 1 or squares <= 0:
        return tails
    cubes = sum(np.sum(u**3) / u.size**3 for u in influences)
    acceleration = float(cubes / squares**1.5 / 6)
    bias = _NORMAL.inv_cdf(float(below))

    def corrected(tail: float) -> float:
        z = bias + _NORMAL.inv_cdf(tail)
        return _NORMAL.cdf(bias + z / (1 - acceleration * z))

    return [corrected(tail) for tail in tails]
