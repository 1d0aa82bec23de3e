"""Losses and scores, against float64 sums in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.loss import accuracy, cross_entropy, squared_error
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
