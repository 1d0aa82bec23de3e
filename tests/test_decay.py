"""The exponential fitted to a gradient's norms."""

import math

import numpy as np
import pytest

from lib.decay import decay


def test_an_exponential_gives_its_own_length():
    fit = decay([3 * math.exp(-k / 12.5) for k in range(1, 60)])
    assert fit.length == pytest.approx(12.5, rel=1e-9)
    assert fit.at(10) == pytest.approx(3 * math.exp(-10 / 12.5), rel=1e-9)
    assert (fit.num_lags, fit.end) == (59, "")
    assert fit.r_squared == pytest.approx(1)
    assert str(fit) == "1/e in 12.5 steps"


def test_noise_moves_the_fit_as_least_squares_does():
    random = np.random.default_rng(0)
    lag = np.arange(1, 41)
    log_norm = 1 - lag / 8 + random.normal(size=40)
    slope, offset = np.polyfit(lag, log_norm, 1)
    fit = decay(np.exp(log_norm).tolist())
    assert (fit.rate, fit.offset) == pytest.approx((slope, offset), rel=1e-9)
    assert fit.r_squared == pytest.approx(np.corrcoef(lag, log_norm)[0, 1] ** 2)


def test_growth_has_no_length_and_says_how_fast():
    fit = decay([math.exp(0.1 * k) for k in range(1, 30)])
    assert fit.rate == pytest.approx(0.1) and fit.length == math.inf
    assert str(fit) == "grows, × e in 10 steps"


@pytest.mark.parametrize("value", [0.7, 1.0])
def test_a_constant_norm_does_not_change(value):
    fit = decay([value] * 9)
    assert (fit.rate, fit.length, str(fit)) == (0, math.inf, "does not change")


@pytest.mark.parametrize(
    ("bad", "end"),
    [(0.0, "underflow"), (1e-40, "underflow"), (math.inf, "not finite"),
     (math.nan, "not finite")],
)  # fmt: skip
def test_the_fit_stops_where_norms_are_no_longer_numbers(bad, end):
    norms = [math.exp(-k / 2) for k in range(1, 9)]
    fit = decay([*norms, bad, 5.0, 5.0])
    assert fit.length == pytest.approx(2)
    assert (fit.num_lags, fit.end) == (8, end)


@pytest.mark.parametrize("norms", [[], [1.0], [0.0, 1.0, 1.0], [1.0, math.nan, 1.0]])
def test_fewer_than_two_norms_give_no_fit(norms):
    assert decay(norms) is None
