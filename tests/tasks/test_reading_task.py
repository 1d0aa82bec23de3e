"""What every registered task of a picture with words must hold, whatever it asks."""

import functools
import math
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.registry import READING_TASKS
from lib.types import Batch

BATCH_SIZE, MAX_LENGTH = 32, 48
SMALL = {
    "scenes": {"side": 16, "num_details": 1},
    "coco_captions": {"side": 8, "min_count": 1, "max_pictures": 8},
}
PUBLISHED = {"coco_captions": "coco_captions", "easy_vqa": "easy_vqa"}
_DATA = Path(os.environ.get("HORIZON_DATA", "/nowhere"))
every_task = pytest.mark.parametrize("name", SMALL)


@functools.cache
def make(name, split="train"):
    if name in PUBLISHED and not (_DATA / PUBLISHED[name]).exists():
        pytest.skip(f"no {PUBLISHED[name]} in $HORIZON_DATA")
    return READING_TASKS[name](split, BATCH_SIZE, MAX_LENGTH, **SMALL[name])


@functools.cache
def sampler(name):
    return jax.jit(make(name).sample)


@functools.cache
def draw(name, seed=0, length=MAX_LENGTH) -> Batch:
    data = make(name).data
    batch = sampler(name)(jax.random.key(seed), data, jnp.int32(length))
    return jax.tree.map(np.asarray, batch)


@every_task
def test_inputs_and_targets_are_those_of_the_interface(name):
    batch, interface = draw(name), make(name).interface
    image, tokens = batch.inputs["image"], batch.inputs["tokens"]
    assert image.shape == (BATCH_SIZE, *interface.image) and image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    assert tokens.shape == batch.targets.shape == batch.mask.shape
    assert tokens.dtype == batch.targets.dtype == np.int32
    assert 0 <= tokens.min() and tokens.max() < interface.vocabulary_size
    assert 0 <= batch.targets.min() and batch.targets.max() < interface.output_size
    assert len(make(name).symbols) == interface.vocabulary_size


@every_task
def test_each_word_is_read_after_it_was_asked_for(name):
    batch = draw(name)
    later = batch.mask[:, 1:] > 0
    tokens = batch.inputs["tokens"]
    np.testing.assert_array_equal(tokens[:, 1:][later], batch.targets[:, :-1][later])
    symbols = np.array(make(name).symbols)
    assert set(symbols[tokens[:, 0]]) == {"<begin>"}
    sizes = batch.mask.sum(1).astype(int)
    assert set(symbols[batch.targets[np.arange(BATCH_SIZE), sizes - 1]]) == {"."}


@every_task
def test_all_beyond_the_length_is_padding_and_what_is_before_it_stays(name):
    whole, cut = draw(name), draw(name, length=5)
    for leaf, own in zip(
        (whole.inputs["tokens"], whole.targets, whole.mask),
        (cut.inputs["tokens"], cut.targets, cut.mask),
        strict=True,
    ):
        np.testing.assert_array_equal(leaf[:, :5], own[:, :5])
        assert not own[:, 5:].any()
    np.testing.assert_array_equal(whole.inputs["image"], cut.inputs["image"])


@every_task
def test_examples_differ_within_and_between_batches(name):
    images = np.concatenate([draw(name, key).inputs["image"] for key in (0, 1)])
    different = len(np.unique(images.reshape(len(images), -1), axis=0))
    assert different == (len(images) if name == "scenes" else 8)


@every_task
def test_floor_is_that_of_a_reported_metric(name):
    task = make(name)
    assert task.score_metric in task.metrics
    assert math.isfinite(task.floor(MAX_LENGTH)) and 0 < task.floor(MAX_LENGTH) < 1


@every_task
def test_a_length_that_is_too_short_is_refused(name):
    make(name)
    with pytest.raises(ValueError, match=rf"{name}: length must be at least \d.*got 1"):
        READING_TASKS[name]("train", 2, 1, **SMALL[name])
