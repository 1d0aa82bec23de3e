"""Selective copying, against its definition and against predictors with a window."""

import functools
import math
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.tasks.retained import bits_retained
from lib.tasks.selective_copy import make_selective_copy
from lib.tasks.subset import draw_subset
from lib.types import Batch
from tests.tasks.drawing import chi_square_excess, draw

M, A, LONGEST = 3, 6, 8
KINDS = [(p, o) for p in ("scattered", "first") for o in ("forward", "reverse")]


@functools.cache
def task_of(placement, order):
    options = {"placement": placement, "order": order}
    return make_selective_copy(
        "train", 8000, LONGEST, num_tokens=M, alphabet_size=A, **options
    )


@pytest.mark.parametrize("size", [3, 6])
def test_subsets_are_sorted_and_equally_likely(size):
    bits = jax.random.bits(jax.random.key(1), (3, 20_000), jnp.uint32)
    drawn = np.asarray(jax.jit(draw_subset)(bits, jnp.int32(size)))
    found, counts = np.unique(drawn, axis=0, return_counts=True)
    assert list(map(tuple, found)) == list(combinations(range(size), 3))
    assert len(counts) == 1 or abs(chi_square_excess(counts)) < 4


@pytest.mark.parametrize(("placement", "order"), KINDS)
@pytest.mark.parametrize("length", [1, 5, LONGEST])
def test_tokens_among_blanks_are_asked_for_at_the_markers(placement, order, length):
    batch = draw(task_of(placement, order), length)
    start, end = length + M, length + 2 * M
    for inputs, targets, mask in zip(*(leaf[:50] for leaf in batch[:3]), strict=True):
        tokens = [t for t in inputs[:start] if t]
        if placement == "first":
            assert list(inputs[:start]) == [*tokens, *[0] * length]
        assert len(tokens) == M and set(tokens) <= set(range(1, A - 1))
        assert list(inputs[start:end]) == [A - 1] * M
        asked = tokens[::-1] if order == "reverse" else tokens
        assert list(targets[start:end]) == asked
        assert list(np.flatnonzero(mask)) == list(range(start, end))


def test_tokens_are_uniform():
    batch = draw(task_of("scattered", "forward"), 5)
    counts = np.bincount(batch.targets[batch.mask == 1])[1:]
    assert len(counts) == A - 2 and abs(chi_square_excess(counts)) < 4


@pytest.mark.parametrize(("placement", "order"), KINDS)
def test_a_window_knows_the_tokens_that_it_holds(placement, order):
    """A predictor that ranks the tokens it sees from the last, and else answers 1."""
    length, task = 5, task_of(placement, order)
    batch = draw(task, length)
    start, floor = length + M, task.floor(length)
    for k in range(1, start + M + 1):
        right = 0.0
        for j in range(M):
            begin = max(0, start + j - k + 1)
            seen = batch.inputs[:, begin:start]
            from_last = np.where(seen > 0, np.cumsum(seen[:, ::-1] > 0, 1)[:, ::-1], 0)
            rank = j + 1 if order == "reverse" else M - j
            held = (from_last == rank) & (seen > 0)
            guess = np.where(held.any(1), (seen * held).sum(1), 1)
            right += (guess == batch.targets[:, start + j]).mean() / M
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 8,000 examples with a deviation of at most 0.5.
        assert right == pytest.approx(expected, abs=0.0224)


def test_the_settings_of_the_paper_have_its_chance_and_61_bits():
    task = make_selective_copy("train", 1, 4064)
    assert task.floor(4064) == pytest.approx(0.0714, abs=5e-5)
    assert task.information(4064) == pytest.approx(60.918, abs=5e-4)
    assert task.window_score(4064, 4096) == 1
    # Uniform places: a window of half the sequence holds about half of the tokens.
    assert task.window_score(4064, 2048) == pytest.approx(0.5, abs=0.01)


def test_bits_retained_are_those_of_the_answers_that_are_known():
    """Two answers of four known, the others at chance among eight values."""
    targets = jnp.asarray([[0, 3, 5, 7]])
    known = 100 * np.eye(8)[np.asarray(targets)] * np.array([1, 0, 1, 0])[:, None]
    batch = Batch((), targets, jnp.ones((1, 4)))
    metric = bits_retained(4, 8)
    sums = metric.accumulate(jnp.asarray(known, jnp.float32), batch)
    assert metric.finalize(sums) == pytest.approx(2 * math.log2(8), rel=1e-6)
