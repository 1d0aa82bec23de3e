"""Delay, reconstruction and memory capacity, against closed forms and least squares."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.capacity import memory_capacity, squared_correlations
from lib.tasks.delay import make_delay
from lib.tasks.noise import filter_taps
from lib.tasks.reconstruct import make_reconstruct
from lib.types import Batch
from tests.tasks.drawing import draw

COUNT, LONGEST, LAGS, SCORED = 20_000, 12, 3, 2


@functools.cache
def delay(bandwidth=1.0):
    options = {"num_lags": LAGS, "num_scored": SCORED, "bandwidth": bandwidth}
    return make_delay("train", COUNT, LONGEST, **options)


@functools.cache
def reconstruct(bandwidth=1.0):
    options = {"num_points": LAGS, "bandwidth": bandwidth}
    return make_reconstruct("train", COUNT, LONGEST, **options)


@pytest.mark.parametrize("length", [3, 8, LONGEST])
def test_delay_asks_for_the_inputs_of_its_lags(length):
    batch = draw(delay(), length)
    scored = np.arange(LONGEST + SCORED)
    scored = (scored >= length) & (scored < length + SCORED)
    assert (batch.mask == scored).all()
    for t in np.flatnonzero(scored):
        for i in range(1, LAGS + 1):
            lag = int(i * length / LAGS)
            assert (batch.targets[:, t, i - 1] == batch.inputs[:, t - lag, 0]).all()


@pytest.mark.parametrize("length", [3, 8, LONGEST])
def test_reconstruction_asks_for_points_of_all_the_past(length):
    batch = draw(reconstruct(), length)
    assert (batch.mask == np.eye(LONGEST)[length - 1]).all()
    for i in range(LAGS):
        place = length - 1 - int(i * length / LAGS)
        answer = batch.targets[:, length - 1, i]
        assert (answer == batch.inputs[:, place, 0]).all()


@pytest.mark.parametrize("bandwidth", [1.0, 0.5])
def test_noise_has_unit_variance_and_the_covariance_of_its_filter(bandwidth):
    x = draw(delay(bandwidth), LONGEST).inputs[..., 0].astype(np.float64)
    taps = filter_taps(bandwidth)
    error = 4 * np.sqrt(
        2 / COUNT
    )  # four standard errors, at most, of a mean of squares
    for lag in range(6):
        expected = taps[lag:] @ taps[: len(taps) - lag] if lag < len(taps) else 0
        found = np.mean(x[:, 0] * x[:, lag])
        assert found == pytest.approx(expected, abs=error)
        assert np.mean(x[:, -1] * x[:, -1 - lag]) == pytest.approx(expected, abs=error)


def test_noise_of_a_narrow_band_has_no_power_above_it():
    """Of a filter of 33 taps: the stop band of a Hamming window is at -53 dB."""
    power = np.abs(np.fft.rfft(filter_taps(0.25), 4096)) ** 2
    above = np.arange(2049) / 2048 > 0.25 + 4 / 33
    assert power[above].max() < 10**-5 * power.max()
    inside = np.arange(2049) / 2048 < 0.25 - 4 / 33
    assert power[inside].min() > 0.9 * power.max()


@pytest.mark.parametrize("make", [delay, reconstruct])
@pytest.mark.parametrize("bandwidth", [1.0, 0.5])
def test_a_window_explains_what_least_squares_do(make, bandwidth):
    task, length = make(bandwidth), LONGEST
    batch = draw(task, length)
    last = np.flatnonzero(batch.mask[0])[-1]
    target = batch.targets[:, last].astype(np.float64)
    for k in range(1, last + 2):
        seen = batch.inputs[:, last - k + 1 : last + 1, 0].astype(np.float64)
        weights, *_ = np.linalg.lstsq(seen[::2], target[::2], rcond=None)
        error = np.mean((seen[1::2] @ weights - target[1::2]) ** 2)
        expected = task.floor(length) * (1 - task.window_score(length, k))
        # Four standard errors of 10,000 means of three squares.
        assert error == pytest.approx(expected, abs=4 * np.sqrt(2 / 3 / 10_000) + 1e-6)


def batch_of_lags(x, num_lags):
    """All lags from 1 to `num_lags` of a series [B, T], scored from there on."""
    lags = np.stack([np.roll(x, lag, axis=1) for lag in range(1, num_lags + 1)], -1)
    scored = np.broadcast_to(np.arange(x.shape[1]) >= num_lags, x.shape)
    return Batch(jnp.asarray(x[..., None]), lags, scored.astype(np.float32))


NOISE = np.random.default_rng(0).normal(size=(200, 500)).astype(np.float32)


@pytest.mark.parametrize("offset", [0, 2])
@pytest.mark.parametrize("size", [1, 5, 8])
def test_the_capacity_of_a_delay_line_is_its_length(size, offset):
    """Also of inputs with a mean, to which an unrelated output owes nothing."""
    batch = batch_of_lags(NOISE + np.float32(offset), 8)
    unrelated = offset + NOISE[::-1, ::-1, None]
    outputs = np.where(np.arange(1, 9) <= size, batch.targets, unrelated)
    sums = memory_capacity.accumulate(jnp.asarray(outputs), batch)
    # Chance correlations of 98,400 steps are of 1e-5; sums are in float32.
    assert memory_capacity.finalize(sums) == pytest.approx(size, abs=2e-3)


def test_the_capacity_of_a_leaky_unit_is_that_of_its_closed_form():
    """R^2(lag) = (1 - a^2) a^(2 lag) of h_t = a h_{t-1} + x_t, at most 1 in all."""
    a, h = 0.8, np.zeros_like(NOISE)
    for t in range(1, NOISE.shape[1]):
        h[:, t] = a * h[:, t - 1] + NOISE[:, t]
    batch = batch_of_lags(NOISE, 20)
    outputs = np.repeat(3 + 2 * h[..., None], 20, axis=-1)  # any scale and offset
    sums = memory_capacity.accumulate(jnp.asarray(outputs), batch)
    expected = (1 - a**2) * a ** (2 * np.arange(1, 21))
    # Four standard errors of 96,000 steps.
    np.testing.assert_allclose(squared_correlations(sums), expected, atol=0.012)
    assert memory_capacity.finalize(sums) == pytest.approx(expected.sum(), abs=0.02)


def test_the_capacity_of_a_constant_is_zero():
    batch = batch_of_lags(NOISE, 4)
    sums = memory_capacity.accumulate(jnp.full_like(batch.targets, 0.3), batch)
    assert memory_capacity.finalize(sums) == 0
