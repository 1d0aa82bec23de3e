"""The versions of copying and recall, against their definitions."""

import functools
import math

import numpy as np
import pytest

from lib.tasks.copy_bits import make_copy_bits
from lib.tasks.copy_tcn import make_copy_tcn
from lib.tasks.lag_copy import make_lag_copy
from lib.tasks.noisy_recall import make_noisy_recall
from tests.tasks.drawing import chi_square_excess, draw

COUNT, LONGEST, S, N, M, C, K, D = 4000, 9, 3, 2, 4, 2, 4, 3


@functools.cache
def tcn():
    return make_copy_tcn("train", COUNT, LONGEST)


@functools.cache
def few_tcn():
    return make_copy_tcn("train", COUNT, LONGEST, num_copied=3, num_symbols=5)


@functools.cache
def bits():
    return make_copy_bits("train", COUNT, LONGEST, num_steps=S, num_bits=N)


@functools.cache
def lag():
    return make_lag_copy("train", COUNT, LONGEST, num_answers=M, num_symbols=K)


@functools.cache
def noisy(similarity):
    options = {"num_cues": C, "num_symbols": K, "num_distractors": D}
    return make_noisy_recall("train", COUNT, LONGEST, similarity=similarity, **options)


@pytest.mark.parametrize("length", [1, 5, LONGEST])
def test_copy_tcn_is_the_sequence_of_its_definition(length):
    batch = draw(tcn(), length)
    padding = [0] * (LONGEST - length)
    for inputs, targets, mask in zip(*(leaf[:50] for leaf in batch[:3]), strict=True):
        symbols = list(inputs[:10, 0])
        assert set(symbols) <= set(range(1, 9))
        gap = [0] * (length - 1)
        assert list(inputs[:, 0]) == [*symbols, *gap, *[9] * 11, *padding]
        assert list(targets) == [*[0] * (length + 10), *symbols, *padding]
        assert list(mask) == [*[1] * (length + 20), *padding]
    counts = np.bincount(batch.targets[batch.targets > 0])[1:]
    assert abs(chi_square_excess(counts)) < 4


@pytest.mark.parametrize("length", [1, LONGEST])
def test_copy_tcn_of_another_load_is_the_sequence_of_its_definition(length):
    task = few_tcn()
    batch = draw(task, length)
    padding = [0] * (LONGEST - length)
    for inputs, targets, mask in zip(*(leaf[:50] for leaf in batch[:3]), strict=True):
        symbols = list(inputs[:3, 0])
        assert set(symbols) <= set(range(1, 6))
        gap = [0] * (length - 1)
        assert list(inputs[:, 0]) == [*symbols, *gap, *[6] * 4, *padding]
        assert list(targets) == [*[0] * (length + 3), *symbols, *padding]
        assert list(mask) == [*[1] * (length + 6), *padding]
    assert task.interface.output_size == 7
    assert task.floor(length) == pytest.approx(3 * math.log(5) / (length + 6))
    scores = [task.window_score(length, k) for k in (length + 3, length + 4)]
    assert scores == [0, 1]


@pytest.mark.parametrize("length", [1, 5, LONGEST])
def test_copy_bits_shows_bits_a_gap_and_a_flag(length):
    batch = draw(bits(), length)
    size, start = LONGEST + 2 * S + 1, S + length + 1
    shown, flag = batch.inputs[..., :N], batch.inputs[..., N]
    assert not shown[:, S:].any()
    assert (flag == np.eye(size)[start - 1]).all()
    np.testing.assert_array_equal(batch.targets[:, start : start + S], shown[:, :S])
    scored = (np.arange(size) >= start) & (np.arange(size) < start + S)
    assert (batch.mask == scored).all()
    patterns = shown[:, :S].reshape(COUNT, -1) @ 2 ** np.arange(S * N)
    assert abs(chi_square_excess(np.bincount(patterns.astype(int)))) < 4


def test_bits_retained_of_copy_bits_are_those_that_are_known():
    """One of the two bits of every step known, the other at chance."""
    batch = draw(bits(), 5)
    outputs = (2 * batch.targets - 1) * np.array([100, 0], np.float32)
    for name, expected in (("bits_retained", S), ("bit_accuracy", 0.75)):
        metric = bits().metrics[name]
        found = metric.finalize(metric.accumulate(outputs, batch))
        # Of the unknown bit half are 0, which an output of 0 answers.
        assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("length", [1, 5, LONGEST])
def test_lag_copy_asks_for_the_symbol_of_length_steps_before(length):
    batch = draw(lag(), length)
    end = length + M
    np.testing.assert_array_equal(batch.targets[:, length:end], batch.inputs[:, :M])
    asked = np.arange(LONGEST + M)
    assert (batch.mask == ((asked >= length) & (asked < end))).all()
    assert abs(chi_square_excess(np.bincount(batch.inputs[:, :end].ravel()))) < 4
    assert lag().information(length) == 2 * min(length, M)


@pytest.mark.parametrize("similarity", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("length", [3, LONGEST])
def test_noisy_recall_shows_cues_distractors_and_queries(similarity, length):
    batch = draw(noisy(similarity), length)
    first, end = length - 1, length - 1 + C
    cues, between = batch.inputs[:, :C], batch.inputs[:, C:first]
    assert abs(chi_square_excess(np.bincount(cues.ravel(), minlength=K))) < 4
    assert (batch.inputs[:, first:end] == K + D).all()
    np.testing.assert_array_equal(batch.targets[:, first:end], cues)
    asked = np.arange(LONGEST + C - 1)
    assert (batch.mask == ((asked >= first) & (asked < end))).all()
    if between.size:
        similar = between < K
        # Four standard errors.
        bound = 4 * math.sqrt(similarity * (1 - similarity) / similar.size)
        assert similar.mean() == pytest.approx(similarity, abs=bound)
        for kind, start, count in ((similar, 0, K), (~similar, K, D)):
            counts = np.bincount(between[kind] - start, minlength=count)
            assert not kind.any() or abs(chi_square_excess(counts)) < 4


@pytest.mark.parametrize("make", [lag, lambda: noisy(0.5)], ids=["lag", "noisy"])
def test_no_input_but_the_oldest_of_the_full_window_tells_the_answer(make):
    """The majority answer to each value of the input k - 1 steps before, counted."""
    task, length = make(), 7
    batch = draw(task, length)
    asked = np.flatnonzero(batch.mask[0])
    for k in range(1, asked[0] + 2):
        given, target = (
            leaf.ravel()
            for leaf in (batch.inputs[:, asked - k + 1], batch.targets[:, asked])
        )
        counts = np.zeros((given.max() + 1, K))
        np.add.at(counts, (given, target), 1)
        reached = counts.max(1).sum() / len(given)
        floor = task.floor(length)
        expected = floor + (1 - floor) * task.window_score(length, k)
        # The best of 8 x 4 counts of at least 8,000 examples lies above the chance.
        assert expected <= reached + 0.02 and reached < expected + 0.04
