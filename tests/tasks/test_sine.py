"""The sine: what is read, what is scored, and its floor."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.sine import make_sine

WAVE = [math.sin(2 * math.pi * 4 * n / 200) for n in range(200)]


def batch_of(split, **settings):
    task = make_sine(split, 2, 199, **settings)
    batch = jax.jit(task.batch_at)(task.data, jnp.int32(0), jnp.int32(199))
    return task, jax.tree.map(np.asarray, batch)


def test_training_reads_and_scores_the_first_points_only():
    task = make_sine("train", 3, 199)
    batch = task.sample(jax.random.key(0), task.data, jnp.int32(199))
    assert task.max_length == 59 and batch.inputs.shape == (3, 59, 1)
    np.testing.assert_allclose(batch.inputs[2, :, 0], WAVE[:59], atol=1e-6)
    np.testing.assert_allclose(batch.targets[2, :, 0], WAVE[1:60], atol=1e-6)
    assert batch.mask.all()


def test_the_test_scores_every_point_after_training_once():
    _, batch = batch_of("test")
    scored = [n + 1 for n in range(199) if batch.mask[0, n]]
    assert scored == list(range(60, 200))
    assert not batch.mask[1].any()  # the same series again
    np.testing.assert_allclose(batch.inputs[0, :, 0], WAVE[:-1], atol=1e-6)
    np.testing.assert_allclose(batch.targets[0, 59:, 0], WAVE[60:], atol=1e-6)


def test_ten_percent_are_less_than_a_period():
    task, batch = batch_of("test", train_share=0.1)
    assert task.facts["train_points"] == 20 < task.facts["period"] == 50
    assert np.argmax(batch.mask[0]) == 19


def test_the_loss_is_the_sum_over_steps_of_each_sequence():
    task, batch = batch_of("test")
    outputs = np.zeros_like(batch.targets)
    loss = task.loss.finalize(task.loss.accumulate(jnp.asarray(outputs), batch))
    assert loss == pytest.approx(sum(WAVE[n] ** 2 for n in range(60, 200)), rel=1e-5)


def test_floor_and_last_value_are_those_of_the_scored_points():
    task, _ = batch_of("test")
    mean = sum(WAVE[:60]) / 60
    floor = sum((WAVE[n] - mean) ** 2 for n in range(60, 200)) / 140
    last = sum((WAVE[n] - WAVE[n - 1]) ** 2 for n in range(60, 200)) / 140
    assert task.floor(199) == pytest.approx(floor)
    assert task.facts["trivial"]["last value"] == pytest.approx(last)


@pytest.mark.parametrize("share", [0.0, 0.005, 1.0])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ValueError, match="sine: train_share must leave at least 2"):
        make_sine("train", 1, 199, train_share=share)


def test_a_length_beyond_the_series_is_refused():
    with pytest.raises(ValueError, match="sine: length must be.*at most 199.*got 200"):
        make_sine("train", 1, 200)
