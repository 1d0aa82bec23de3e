"""Losses and scores, against float64 sums in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.loss import (
    absolute_error,
    accuracy,
    bernoulli_nll,
    cross_entropy,
    squared_error,
    squared_error_sum,
)
from lib.types import Batch

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(scale=5, size=(3, 4, 6)).astype(np.float32)
CLASSES = RANDOM.integers(0, 6, (3, 4)).astype(np.int32)
MASK = np.float32([[1, 1, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1]])
BATCH = Batch(inputs=(), targets=jnp.asarray(CLASSES), mask=jnp.asarray(MASK))
VALUES = BATCH._replace(targets=jnp.asarray(LOGITS[:, ::-1]))


def measure(metric, outputs, batch):
    return metric.finalize(metric.accumulate(jnp.asarray(outputs), batch))


def test_cross_entropy_is_the_mean_negative_log_probability():
    powers = np.exp(LOGITS.astype(np.float64))
    chance = powers / powers.sum(-1, keepdims=True)
    nats = -np.log(np.take_along_axis(chance, CLASSES[..., None], 2)[..., 0])
    expected = (nats * MASK).sum() / MASK.sum()
    assert measure(cross_entropy, LOGITS, BATCH) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_large_logits_is_finite():
    logits = np.zeros((3, 4, 6), np.float32)
    logits[..., 0] = 1e4
    expected = 1e4 * (MASK * (CLASSES != 0)).sum() / MASK.sum()
    assert measure(cross_entropy, logits, BATCH) == pytest.approx(expected, rel=1e-5)


def test_accuracy_is_the_share_of_largest_outputs_that_are_right():
    right = LOGITS.argmax(-1) == CLASSES
    expected = (right * MASK).sum() / MASK.sum()
    assert measure(accuracy, LOGITS, BATCH) == pytest.approx(expected)


def test_squared_error_is_the_mean_over_values_and_scored_targets():
    squares = ((LOGITS.astype(np.float64) - LOGITS[:, ::-1]) ** 2).mean(-1)
    expected = (squares * MASK).sum() / MASK.sum()
    assert measure(squared_error, LOGITS, VALUES) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("metric", "batch"), [(cross_entropy, BATCH), (squared_error, VALUES)]
)
def test_no_gradient_reaches_an_output_that_is_not_scored(metric, batch):
    gradient = jax.grad(lambda x: metric.accumulate(x, batch).total)(
        jnp.asarray(LOGITS)
    )
    touched = np.abs(np.asarray(gradient)).sum(-1) > 0
    np.testing.assert_array_equal(touched, MASK == 1)


@pytest.mark.parametrize(
    ("metric", "batch"),
    [(cross_entropy, BATCH), (accuracy, BATCH), (squared_error, VALUES)],
)
def test_sums_of_half_precision_outputs_are_float32(metric, batch):
    sums = metric.accumulate(jnp.asarray(LOGITS, jnp.bfloat16), batch)
    assert sums.total.dtype == sums.count.dtype == jnp.float32


def test_a_mean_over_nothing_is_not_a_number():
    nothing = BATCH._replace(mask=jnp.zeros((3, 4), jnp.float32))
    assert np.isnan(measure(cross_entropy, LOGITS, nothing))


def test_squared_error_sum_is_per_sequence_that_is_scored():
    squares = (LOGITS.astype(np.float64) - LOGITS[:, ::-1]) ** 2
    expected = (squares * MASK[..., None]).sum() / 3
    found = measure(squared_error_sum, LOGITS, VALUES)
    assert found == pytest.approx(expected, rel=1e-5)
    last = VALUES._replace(mask=jnp.asarray(MASK * [[0], [0], [1]], jnp.float32))
    expected = (squares[2] * MASK[2, :, None]).sum()
    found = measure(squared_error_sum, LOGITS, last)
    assert found == pytest.approx(expected, rel=1e-5)


def test_absolute_error_is_the_mean_over_values_and_scored_targets():
    sizes = np.abs(LOGITS.astype(np.float64) - LOGITS[:, ::-1]).mean(-1)
    expected = (sizes * MASK).sum() / MASK.sum()
    assert measure(absolute_error, LOGITS, VALUES) == pytest.approx(expected, rel=1e-5)


def test_bernoulli_nll_sums_over_values_that_are_each_predicted_alone():
    sounds = RANDOM.integers(0, 2, LOGITS.shape).astype(np.float32)
    chance = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))
    nats = -np.log(np.where(sounds == 1, chance, 1 - chance)).sum(-1)
    expected = (nats * MASK).sum() / MASK.sum()
    batch = BATCH._replace(targets=jnp.asarray(sounds))
    assert measure(bernoulli_nll, LOGITS, batch) == pytest.approx(expected, rel=1e-5)


def test_bernoulli_nll_of_a_sure_wrong_answer_is_finite():
    batch = Batch((), jnp.asarray([[[1.0, 0.0]]]), jnp.ones((1, 1)))
    found = measure(bernoulli_nll, np.float32([[[-200, 0]]]), batch)
    assert found == pytest.approx(200 + np.log(2), rel=1e-6)
