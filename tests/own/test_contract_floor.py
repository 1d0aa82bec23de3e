"""Constant answers that a floor is held against, and what rounding may do."""

import math
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from lib.contract import batches, floor, window
from lib.contract.task import Source, check_task
from lib.loss import cross_entropy
from lib.types import Batch
from tests.own import broken_tasks

TASK = broken_tasks.sound("train", 2, 9)


def source_of(rows):
    """Examples of (mask, targets), all of them in each of two batches."""
    masks, targets = (np.array(each) for each in zip(*rows, strict=True))
    batch: Any = Batch(targets, targets, jnp.asarray(masks, jnp.float32))
    return Source(TASK, len(rows), 2, lambda index: batch)


def test_whole_answers_at_different_places_are_joined():
    """Of ten, six ask for places 0 and 1, four for 2: the best blind answer is right
    for the commonest of both, which no single example's answer is."""
    first, second = [1, 1, 0], [0, 0, 1]
    rows = [(first, [2, 1, 0])] * 4 + [(first, [1, 2, 0])] * 2
    rows += [(second, [0, 0, 3])] * 3 + [(second, [0, 0, 1])]
    np.testing.assert_array_equal(floor._see(source_of(rows), 4).commonest, [2, 1, 3])


def test_answers_that_disagree_are_not_joined():
    rows = [([1, 1], [2, 1])] * 3 + [([0, 1], [0, 3])] * 2 + [([1, 0], [1, 0])]
    np.testing.assert_array_equal(floor._see(source_of(rows), 4).commonest, [2, 1])


def test_a_rare_class_is_tried_as_the_answer_everywhere():
    """F1 of class 1 at 20 % is 0 by the commonest class and 1/3 by always saying 1."""
    seen = floor._see(source_of([([1], [0])] * 4 + [([1], [1])]), 2)
    assert {int(np.argmax(answer[0])) for answer in floor._answers(seen)} == {0, 1}


@pytest.mark.parametrize(("dip", "broken"), [(1e-9, False), (1e-3, True)])
def test_a_window_score_may_be_rounded_and_no_more(dip, broken):
    score = lambda length, k: 1.0 if k >= length else 0.5 - dip * (k == 4)
    case: Any = SimpleNamespace(
        task=TASK._replace(window_score=score),
        all_lengths=[9],
        make=lambda *sizes: broken_tasks.sound(*sizes),
    )
    assert (window.windows(case) is not None) == broken


@pytest.mark.parametrize("stated", [math.log(3), 1.0, 2.0])
def test_a_loss_without_an_optimum_has_the_lowest_as_its_floor(stated):
    def measured_by_loss(*sizes):
        return broken_tasks.sound(*sizes, num_symbols=3)._replace(
            metrics={"loss": cross_entropy}, score_metric="loss", optimum=None,
            floor=lambda length: stated, window_score=None,
        )  # fmt: skip

    found = [failure.property for failure in check_task(measured_by_loss, {}, None, ())]
    assert found == ["the floor is wrong"] * (stated != math.log(3))


def test_floats_may_be_rounded_by_jit_and_tokens_may_not():
    ones = np.ones(3, np.float32)
    assert batches._equal(ones, ones + np.float32(1e-6))
    assert not batches._equal(ones, ones + np.float32(1e-3))
    assert not batches._equal(np.array([1, 2]), np.array([1, 3]))
