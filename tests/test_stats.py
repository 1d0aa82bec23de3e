"""Statistics against scipy, closed forms, and what must hold for any data."""

import math
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap

from lib import stats

LENGTHS = (16, 32, 64, 128)
scores = st.floats(0, 1)
curves = st.fixed_dictionaries({length: scores for length in LENGTHS})
positions = st.lists(st.integers(-1, len(LENGTHS) - 1), min_size=1, max_size=12)


def horizons(places):
    return [stats.Horizon(place, LENGTHS) for place in places]


@pytest.mark.parametrize(
    ("value", "floor", "optimum", "score"),
    [
        (0.125, 0.125, 1.0, 0.0),
        (1.0, 0.125, 1.0, 1.0),
        (0.5625, 0.125, 1.0, 0.5),
        (0.05, 0.125, 1.0, 0.0),
        (1 / 12, 1 / 6, 0.0, 0.5),  # a loss: the optimum lies below the floor
        (0.0, 1 / 6, 0.0, 1.0),
        (0.5, 1 / 6, 0.0, 0.0),
        (math.nan, 0.125, 1.0, 0.0),
        (math.inf, 1 / 6, 0.0, 0.0),
    ],
)
def test_score_is_0_at_the_floor_and_1_at_the_optimum(value, floor, optimum, score):
    assert stats.normalised_score(value, floor, optimum) == pytest.approx(score)


@pytest.mark.parametrize("ends", [(0.5, 0.5), (math.nan, 1.0), (0.0, math.inf)])
def test_score_refuses_a_floor_and_optimum_that_leave_no_room(ends):
    with pytest.raises(ValueError, match="floor and optimum"):
        stats.normalised_score(0.5, *ends)


@pytest.mark.parametrize(
    ("values", "written", "censored"),
    [
        ((1.0, 1.0, 1.0, 1.0), ">= 128", True),
        ((1.0, 0.9, 0.89, 0.0), "32", False),
        ((1.0, 0.2, 1.0, 1.0), "16", False),  # a later success does not count
        ((0.5, 1.0, 1.0, 1.0), "< 16", True),
    ],
)
def test_horizon_is_the_last_length_before_the_first_failure(values, written, censored):
    found = stats.horizon(dict(zip(LENGTHS, values, strict=True)), LENGTHS)
    assert str(found) == written
    assert found.censored == censored


def test_horizon_is_open_where_the_run_that_decides_it_is_missing():
    assert stats.horizon({16: 1.0, 64: 1.0}, LENGTHS) is None
    assert str(stats.horizon({16: 1.0, 32: 0.0}, LENGTHS)) == "16"
    assert stats.horizon({}, ()) is None


@given(curves, scores, scores)
def test_horizon_never_grows_with_the_threshold(curve, one, other):
    low, high = sorted((one, other))
    assert stats.horizon(curve, LENGTHS, high) <= stats.horizon(curve, LENGTHS, low)


@given(curves)
def test_horizon_is_unchanged_by_a_longer_length_that_fails(curve):
    before = stats.horizon(curve, LENGTHS)
    after = stats.horizon({**curve, 256: 0.0}, (*LENGTHS, 256))
    assert after.position == before.position


@given(positions, st.randoms(use_true_random=False))
def test_statistics_of_horizons_do_not_depend_on_the_order_of_seeds(places, shuffler):
    shuffled = list(places)
    shuffler.shuffle(shuffled)
    for statistic in (
        stats.median_horizon,
        stats.reliable_horizon,
        stats.median_horizon_interval,
    ):
        assert statistic(horizons(places)) == statistic(horizons(shuffled))


@given(positions)
def test_median_horizon_is_the_lower_middle_value(places):
    expected = np.quantile(places, 0.5, method="inverted_cdf")
    assert stats.median_horizon(horizons(places)).position == expected


@given(positions)
def test_interval_of_the_median_holds_the_median(places):
    low, high = stats.median_horizon_interval(horizons(places))
    assert low <= stats.median_horizon(horizons(places)) <= high


@given(positions)
def test_reliable_horizon_is_reached_by_nine_seeds_in_ten_and_no_longer_one_is(places):
    reliable = stats.reliable_horizon(horizons(places)).position
    share = lambda place: np.mean([seed >= place for seed in places])
    assert share(reliable) >= 0.9
    assert all(share(place) < 0.9 for place in set(places) if place > reliable)


@pytest.mark.parametrize(
    "places", [(0, 0, 1, 2, 3), (-1, 0, 0, 0, 3), (-1, 0, 1, 1, 2, 2, 3, 3, 3)]
)
def test_interval_of_the_median_agrees_with_resampling(places):
    resampled = bootstrap(
        (np.array(places, dtype=float),),
        lambda x, axis: np.quantile(x, 0.5, axis=axis, method="inverted_cdf"),
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    low, high = stats.median_horizon_interval(horizons(places))
    assert (low.position, high.position) == tuple(resampled)


def test_horizons_of_different_lengths_do_not_mix():
    mixed = [stats.Horizon(0, (16, 32)), stats.Horizon(0, (16, 64))]
    with pytest.raises(ValueError, match="different lengths"):
        stats.median_horizon(mixed)
    with pytest.raises(ValueError, match="at least 1"):
        stats.median_horizon([])


@pytest.mark.parametrize("total", [1, 3, 5, 10, 20, 1000])
def test_wilson_interval_agrees_with_scipy(total):
    for solved in {0, 1, total // 2, total - 1, total}:
        expected = binomtest(solved, total).proportion_ci(method="wilson")
        assert stats.wilson_interval(solved, total) == pytest.approx(
            (expected.low, expected.high), abs=1e-12
        )


def test_wilson_interval_of_all_solved_starts_at_n_over_n_plus_z_squared():
    assert stats.wilson_interval(5, 5).low == pytest.approx(5 / (5 + 1.959963985**2))
    assert stats.wilson_interval(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="6 of 5"):
        stats.wilson_interval(6, 5)


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilson_interval_holds_the_rate(solved, total):
    solved = min(solved, total)
    low, high = stats.wilson_interval(solved, total)
    assert 0 <= low <= solved / total <= high <= 1


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_mean_interval_holds_the_mean_and_ignores_the_order_of_seeds(values):
    interval = stats.mean_interval(values, resamples=200)
    assert interval.low <= fmean(values) <= interval.high
    assert stats.mean_interval(values[::-1], resamples=200) == interval


def test_mean_interval_agrees_with_scipy():
    values = [0.02, 0.98, 1.0, 0.4, 0.97, 0.99, 0.03]
    expected = bootstrap(
        (values,),
        np.mean,
        n_resamples=50_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    # Two bootstraps of 10,000 and 50,000 resamples differ by about 0.005.
    assert stats.mean_interval(values) == pytest.approx(tuple(expected), abs=0.015)


def test_effective_context_is_the_first_within_a_hundredth_of_a_nat():
    falling = {1: 3.0, 2: 2.5, 4: 2.011, 8: 2.009, 16: 2.0}
    assert str(stats.effective_context(falling)) == "8"
    assert str(stats.effective_context({1: 3.0, 2: 2.5, 4: 2.0})) == ">= 4"
    assert str(stats.effective_context({1: 2.0, 2: 2.0, 4: 2.0})) == "1"
    assert stats.effective_context({1: 3.0, 2: math.nan}) is None
    assert stats.effective_context({}) is None
