"""Comparisons against scipy, closed forms, and what must hold for any data."""

import itertools
import math
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import (
    bootstrap,
    mannwhitneyu,
    permutation_test,
    rankdata,
    trim_mean,
    wilcoxon,
)

from lib import stats

scores = st.floats(0, 1, width=32)
groups = st.lists(scores, min_size=1, max_size=5)
strata = st.lists(groups, min_size=1, max_size=3)
pairs = st.lists(
    st.lists(st.tuples(scores, scores), min_size=1, max_size=4), min_size=1, max_size=3
)
shufflers = st.randoms(use_true_random=False)


def sides(tasks):
    return [[[pair[i] for pair in task] for task in tasks] for i in (0, 1)]


def shuffled(shuffler, items):
    items = list(items)
    shuffler.shuffle(items)
    return items


def test_area_of_a_curve_that_falls_in_one_octave():
    falling = {16: 1.0, 32: 1.0, 64: 0.0, 128: 0.0}
    # Over 3 octaves: a full one, half of the one it falls in, and nothing.
    assert stats.area_under_curve(falling, (64, 16, 128, 32)) == pytest.approx(0.5)
    # The same at lengths of unequal steps: 2 octaves full, 1 falling.
    uneven = {16: 1.0, 64: 1.0, 128: 0.0}
    assert stats.area_under_curve(uneven, tuple(uneven)) == pytest.approx(2.5 / 3)
    assert stats.area_under_curve({16: 0.3}, (16,)) == 0.3
    assert stats.area_under_curve({16: 0.3}, (16, 32)) is None
    assert stats.area_under_curve({16: 0.3}, ()) is None


@given(st.dictionaries(st.integers(1, 4096), scores, min_size=2, max_size=8))
def test_area_agrees_with_numpy_and_lies_between_the_scores(curve):
    area = stats.area_under_curve(curve, tuple(curve))
    lengths = np.log2(sorted(curve))
    heights = [curve[length] for length in sorted(curve)]
    expected = np.trapezoid(heights, lengths) / (lengths[-1] - lengths[0])
    assert area == pytest.approx(expected, abs=1e-12)
    assert min(heights) - 1e-12 <= area <= max(heights) + 1e-12


@given(st.lists(scores, min_size=1, max_size=30))
def test_interquartile_mean_is_scipys_trimmed_mean(values):
    expected = trim_mean(values, 0.25)
    assert stats.interquartile_mean(values) == pytest.approx(expected, abs=1e-12)


@given(strata, shufflers)
def test_iqm_interval_holds_the_iqm_whatever_the_order(tasks, shuffler):
    interval = stats.iqm_interval(tasks, resamples=100)
    middle = stats.interquartile_mean([x for task in tasks for x in task])
    assert interval.low <= middle <= interval.high
    other = shuffled(shuffler, (shuffled(shuffler, task) for task in tasks))
    assert stats.iqm_interval(other, resamples=100) == interval


def test_iqm_interval_agrees_with_scipys_stratified_bootstrap():
    generator = np.random.default_rng(3)
    tasks = [generator.beta(2, 1 + i, size=10) for i in range(3)]
    expected = bootstrap(
        tasks,
        lambda *x, axis: trim_mean(np.concatenate(x, axis=axis), 0.25, axis=axis),
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    found = stats.iqm_interval([list(task) for task in tasks])
    assert found == pytest.approx(tuple(expected), abs=0.006)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_expected_best_is_the_mean_of_all_ways_to_draw(count):
    values = [0.1, 0.9, 0.3, 0.3]
    expected = fmean(max(draw) for draw in itertools.product(values, repeat=count))
    assert stats.expected_best_of(values, count) == pytest.approx(expected)


@given(pairs)
def test_probabilities_of_improvement_both_ways_add_up_to_1(tasks):
    x, y = sides(tasks)
    one = stats.probability_of_improvement(x, y)
    other = stats.improvement_interval(x, y, resamples=50)
    assert one + stats.probability_of_improvement(y, x) == pytest.approx(1)
    assert other.low <= one <= other.high
    mirrored = stats.improvement_interval(y, x, resamples=50)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx(
        tuple(other), abs=1e-12
    )


@given(groups, groups)
def test_probability_of_improvement_is_the_mann_whitney_share(x, y):
    expected = mannwhitneyu(x, y, method="asymptotic").statistic / (len(x) * len(y))
    assert stats.probability_of_improvement([x], [y]) == pytest.approx(expected)


def test_improvement_interval_agrees_with_scipy():
    generator = np.random.default_rng(5)
    x, y = generator.normal(0.5, 1, 12), generator.normal(0, 1, 12)
    # No ties within a sample; between resamples of x and y there are none either.
    expected = bootstrap(
        (x, y),
        lambda x, y, axis: np.mean(x[..., :, None] > y[..., None, :], axis=(-1, -2)),
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(6),
    ).confidence_interval
    found = stats.improvement_interval([list(x)], [list(y)])
    assert found == pytest.approx(tuple(expected), abs=0.012)


@given(pairs, shufflers)
def test_paired_interval_mirrors_and_ignores_order(tasks, shuffler):
    differences = [[a - b for a, b in task] for task in tasks]
    interval = stats.paired_interval(differences, resamples=100)
    assert interval.low <= stats.mean_difference(differences) <= interval.high
    other = shuffled(shuffler, (shuffled(shuffler, task) for task in differences))
    assert stats.paired_interval(other, resamples=100) == interval
    negated = [[-d for d in task] for task in differences]
    mirrored = stats.paired_interval(negated, resamples=100)
    assert (-mirrored.high, -mirrored.low) == pytest.approx(tuple(interval), abs=1e-12)


@pytest.mark.parametrize("sizes", [(20,), (7, 9, 12)])
def test_paired_interval_is_scipys_bca(sizes):
    generator = np.random.default_rng(7)
    tasks = [generator.gamma(2, size=n) - 1.7 for n in sizes]
    resampled = bootstrap(
        tasks,
        lambda *x, axis: np.mean([np.mean(g, axis=axis) for g in x], axis=0),
        n_resamples=50_000,
        method="BCa",
        rng=np.random.default_rng(8),
    )
    expected = tuple(resampled.confidence_interval)
    found = stats.paired_interval([list(task) for task in tasks], resamples=50_000)
    # Two bootstraps of 50,000 resamples differ by about 0.005.
    assert found == pytest.approx(expected, abs=0.02)
    # Without bias correction and acceleration that of few seeds would end lower.
    percentile = np.quantile(resampled.bootstrap_distribution, 0.975)
    assert len(sizes) == 1 or expected[1] - percentile > 0.03


@pytest.mark.parametrize("count", [2, 5, 8])
def test_sign_flip_test_is_scipys_permutation_test_of_pairs(count):
    differences = np.random.default_rng(count).normal(0.6, 1, count)
    expected = permutation_test(
        (differences, np.zeros(count)),
        lambda x, y: np.mean(x - y),
        permutation_type="samples",
        n_resamples=np.inf,
    ).pvalue
    assert stats.sign_flip_p([list(differences)]) == pytest.approx(expected)


@pytest.mark.parametrize("count", [3, 6, 12])
def test_sign_flip_test_of_signed_ranks_is_wilcoxons(count):
    differences = np.random.default_rng(10 + count).normal(0.4, 1, count)
    ranks = np.sign(differences) * rankdata(np.abs(differences))
    expected = wilcoxon(differences, method="exact").pvalue
    assert stats.sign_flip_p([list(ranks)]) == pytest.approx(expected)


def test_sign_flip_test_draws_where_there_are_too_many_signs_to_try():
    differences = np.random.default_rng(2).normal(0.35, 1, 25)
    expected = wilcoxon(differences, method="exact").pvalue
    ranks = np.sign(differences) * rankdata(np.abs(differences))
    assert stats.sign_flip_p([list(ranks)]) == pytest.approx(expected, abs=0.006)
    assert stats.sign_flip_p([[1.0] * 40]) == pytest.approx(1 / 20_001)


def test_sign_flip_test_weighs_tasks_and_not_seeds():
    tasks = [[0.3], [-0.1, 0.5, 0.2], [0.4, 0.1]]
    sizes = [len(task) for task in tasks for _ in task]
    flat = [d for task in tasks for d in task]
    mean = lambda signs: abs(
        sum(s * d / n for s, d, n in zip(signs, flat, sizes, strict=True))
    )
    all_signs = itertools.product((-1, 1), repeat=len(flat))
    expected = fmean(mean(signs) >= mean([1] * 6) - 1e-9 for signs in all_signs)
    assert stats.sign_flip_p(tasks) == pytest.approx(expected)


def test_smallest_p_is_that_of_seeds_that_all_agree():
    for count in (1, 3, 5, 10):
        assert stats.sign_flip_p([[0.5] * count]) == stats.smallest_p(count)
    assert stats.smallest_p(5) == 0.0625
    assert stats.sign_flip_p([[0.0] * 6]) == 1.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    # A hypothesis is rejected when every intersection that holds it is.
    family = range(len(p_values))
    subsets = [s for n in family for s in itertools.combinations(family, n + 1)]
    expected = [
        max(min(1, len(s) * min(p_values[j] for j in s)) for s in subsets if i in s)
        for i in family
    ]
    assert stats.holm(p_values) == pytest.approx(expected)


def test_three_seeds_are_never_significant():
    few = stats.compare([[1.0] * 3] * 8, [[0.0] * 3] * 8)
    assert few.p_value < 0.001
    assert stats.verdict(few.difference, few.seeds, few.p_value) == "cannot tell"
    more = stats.compare([[1.0] * 4] * 8, [[0.0] * 4] * 8)
    assert stats.verdict(more.difference, more.seeds, more.p_value) == "better"


def test_a_verdict_follows_the_adjusted_p_and_the_sign():
    better = stats.compare([[0.9, 0.8, 0.7, 0.9, 0.8, 0.9]], [[0.1] * 6])
    assert (better.p_value, better.seeds, better.pairs) == (0.03125, 6, 6)
    assert better.improvement == 1 and better.improvement_interval == (1, 1)
    assert stats.verdict(better.difference, 6, 0.05) == "better"
    assert stats.verdict(better.difference, 6, 0.0501) == "cannot tell"
    worse = stats.compare([[0.1] * 6], [[0.9, 0.8, 0.7, 0.9, 0.8, 0.9]])
    assert stats.verdict(worse.difference, 6, worse.p_value) == "worse"
    assert worse.difference == -better.difference
    same = stats.compare([[0.5] * 6], [[0.5] * 6])
    assert (same.difference, same.p_value) == (0, 1)
    assert same.difference_interval == (0, 0)
    assert stats.verdict(same.difference, 6, 0.0) == "cannot tell"


def test_comparisons_refuse_what_is_not_paired():
    with pytest.raises(ValueError, match="same seeds"):
        stats.compare([[0.1, 0.2]], [[0.1]])
    with pytest.raises(ValueError, match="at least 1 seed"):
        stats.compare([[]], [[]])
    with pytest.raises(ValueError, match="same tasks"):
        stats.probability_of_improvement([[1.0]], [])


def test_simultaneous_band_of_one_position_is_symmetric_about_the_mean():
    values = [[0.1], [0.4], [0.35], [0.8], [0.6]]
    (band,) = stats.simultaneous_band(values)
    assert fmean(band) == pytest.approx(fmean(v for (v,) in values))


def test_simultaneous_band_holds_the_pointwise_one_and_ignores_the_order_of_seeds():
    generator = np.random.default_rng(9)
    curves = generator.normal(size=(12, 6)).tolist()
    band = stats.simultaneous_band(curves)
    for position, interval in enumerate(band):
        one = stats.mean_interval([curve[position] for curve in curves])
        assert interval.high - interval.low > 1.2 * (one.high - one.low)
    assert stats.simultaneous_band(curves[::-1]) == band
    flat = stats.simultaneous_band([[1.0, 0.2], [1.0, 0.2]])
    assert flat == [pytest.approx((1.0, 1.0)), pytest.approx((0.2, 0.2))]


def coverage(interval, draw, truth, trials):
    """How often an interval of drawn data holds the truth."""
    generator = np.random.default_rng(11)
    found = [interval(draw(generator)) for _ in range(trials)]
    return fmean(low <= truth <= high for low, high in found)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    # 60 trials at 0.95: fewer than 51 held happens once in ten thousand.
    normal = lambda g: g.normal(0.3, 1, (2, 15)).tolist()
    few = lambda tasks: stats.paired_interval(tasks, resamples=500)
    assert coverage(few, normal, 0.3, 60) >= 51 / 60


@pytest.mark.slow
def test_coverage_of_every_interval_by_simulation():
    two = lambda g: (
        g.normal(0.5, 1, (3, 20)).tolist(),
        g.normal(0, 1, (3, 20)).tolist(),
    )
    share = 0.5 * (1 + math.erf(0.5 / 2))  # P(X > Y) where X - Y ~ N(0.5, 2)
    held = {
        "mean": coverage(
            lambda x: stats.mean_interval(x, resamples=1000),
            lambda g: g.normal(0.3, 1, 20).tolist(),
            0.3,
            400,
        ),
        "paired": coverage(
            lambda x: stats.paired_interval(x, resamples=1000),
            lambda g: g.normal(0.3, 1, (3, 20)).tolist(),
            0.3,
            400,
        ),
        "improvement": coverage(
            lambda x: stats.improvement_interval(*x, resamples=1000), two, share, 400
        ),
        "iqm": coverage(  # symmetric about 0.3 in every task: so is the IQM
            lambda x: stats.iqm_interval(x, resamples=1000),
            lambda g: g.normal(0.3, 1, (3, 20)).tolist(),
            0.3,
            400,
        ),
    }
    # The standard error of 400 trials is 0.011; the bootstrap lacks 0.01 to 0.02.
    assert all(0.90 <= rate <= 0.98 for rate in held.values()), held


@pytest.mark.slow
def test_band_holds_the_whole_curve_where_pointwise_intervals_do_not():
    generator = np.random.default_rng(12)
    band = points = 0
    for _ in range(300):
        curves = generator.normal(size=(20, 6)).tolist()
        found = stats.simultaneous_band(curves, resamples=1000)
        band += all(low <= 0 <= high for low, high in found)
        each = [
            stats.mean_interval(x, resamples=500) for x in zip(*curves, strict=True)
        ]
        points += all(low <= 0 <= high for low, high in each)
    assert 0.87 <= band / 300 <= 0.98
    assert points / 300 < 0.85
