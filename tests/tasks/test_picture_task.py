"""What every registered task of pictures must hold, whatever it asks."""

import functools
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import PICTURE_TASKS

BATCH_SIZE = 16
SIDES = {"digits": 8, "mnist": 14}
_DATA = Path(os.environ.get("HORIZON_DATA", "/nowhere"))
PUBLISHED = {"mnist": "mnist/train-images-idx3-ubyte.gz"}
every_task = pytest.mark.parametrize("name", PICTURE_TASKS)


@functools.cache
def make(name):
    return PICTURE_TASKS[name]("train", BATCH_SIZE, SIDES.get(name, 24))


@functools.cache
def draw(name, seed=0):
    if name in PUBLISHED and not (_DATA / PUBLISHED[name]).is_file():
        pytest.skip(f"no {PUBLISHED[name]} in $HORIZON_DATA")
    task = make(name)
    sample = jax.jit(task.sample)
    batch = sample(jax.random.key(seed), task.data, jnp.int32(task.max_length))
    return jax.tree.map(np.asarray, batch)


@every_task
def test_pictures_are_those_of_the_interface(name):
    inputs = draw(name).inputs
    assert inputs.shape == (BATCH_SIZE, *make(name).interface.image)
    assert inputs.dtype == np.float32 and 0 <= inputs.min() < inputs.max() <= 1
    assert make(name).max_length == inputs.shape[1]


@every_task
def test_jit_gives_the_bits_of_eager(name):
    compiled, task = draw(name), make(name)
    length = jnp.int32(task.max_length)
    eager = task.sample(jax.random.key(0), task.data, length)
    for ours, theirs in zip(
        jax.tree.leaves(compiled), jax.tree.leaves(eager), strict=True
    ):
        # Fused products of a drawn picture are rounded once, not twice.
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@every_task
def test_what_is_not_scored_is_zero_and_something_is_scored(name):
    batch = draw(name)
    assert set(np.unique(batch.mask)) <= {0, 1} and batch.mask.any(1).all()
    assert not batch.targets[batch.mask == 0].any()


@every_task
def test_a_class_is_one_of_the_outputs(name):
    targets, task = draw(name).targets, make(name)
    if not task.classes:
        pytest.skip("its targets are values")
    assert targets.dtype == np.int32
    assert 0 <= targets.min() <= targets.max() < task.interface.output_size
    assert len(task.classes) == task.interface.output_size


@every_task
def test_pictures_differ_between_batches(name):
    first, second = draw(name), draw(name, 1)
    assert not np.array_equal(first.inputs, second.inputs)


@every_task
def test_the_floor_is_one_of_a_reported_metric(name):
    draw(name)
    task = make(name)
    assert task.score_metric in task.metrics
    assert np.isfinite(task.floor(task.max_length))


@every_task
def test_a_side_that_is_too_short_is_refused(name):
    draw(name)
    with pytest.raises(ValueError, match=rf"{name}: length must be .*got 0"):
        PICTURE_TASKS[name]("train", BATCH_SIZE, 0)
