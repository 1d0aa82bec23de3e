"""One query: associative recall and induction, and what a window knows of them."""

import functools

import numpy as np
import pytest

from lib.tasks.associative_recall import make_associative_recall
from lib.tasks.induction import make_induction
from tests.tasks.drawing import chi_square_excess, draw

COUNT, LONGEST, K, N, V = 10_000, 14, 3, 4, 4


@functools.cache
def recall():
    options = {"num_keys": K, "num_values": N}
    return make_associative_recall("train", COUNT, LONGEST, **options)


@functools.cache
def induction():
    return make_induction("train", COUNT, LONGEST, num_symbols=V)


@pytest.mark.parametrize("length", [4, 5, 9, LONGEST])
def test_pairs_of_one_map_are_shown_and_a_shown_key_is_asked_for(length):
    batch = draw(recall(), length)
    odd, marker = length % 2, K + N
    for inputs, targets in zip(batch.inputs[:300], batch.targets[:300], strict=True):
        assert list(inputs[:odd]) == [marker] * odd and inputs[length - 2] == marker
        shown = inputs[odd : length - 2].reshape(-1, 2)
        value_of = dict(shown)
        assert len(shown) == length // 2 - 1 and max(value_of) < K
        assert all(K <= v < K + N and value_of[k] == v for k, v in shown)
        assert value_of[inputs[length - 1]] - K == targets[length - 1]
    assert (batch.mask == np.eye(LONGEST)[length - 1]).all()
    assert abs(chi_square_excess(np.bincount(batch.inputs[:, odd], minlength=K))) < 4
    answers = np.bincount(batch.targets[:, length - 1], minlength=N)
    assert abs(chi_square_excess(answers)) < 4


def test_all_keys_that_were_shown_are_equally_likely_to_be_asked_for():
    """Also where one was shown more often than the others."""
    batch = draw(recall(), 10)
    assert abs(chi_square_excess(np.bincount(batch.inputs[:, 9], minlength=K))) < 4
    shown = batch.inputs[:, :8:2]
    there = (shown[..., None] == np.arange(K)).sum(1)
    often = (np.sort(there, axis=1) == [1, 1, 2]).all(1)
    most = there.argmax(1) == batch.inputs[:, 9]
    share, count = most[often].mean(), often.sum()
    assert share == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / count))


@pytest.mark.parametrize("length", [4, 7, 12])
def test_associative_recall_is_known_to_a_window_with_the_key(length):
    """The value of the key, else the value that begins the window, else the first."""
    task = recall()
    batch, floor = draw(task, length, seed=1), task.floor(length)
    asked, target = batch.inputs[:, length - 1], batch.targets[:, length - 1] + K
    for k in range(1, length + 1):
        begin, odd = length - k, length % 2
        answer = np.full(COUNT, K)
        if odd <= begin < length - 2 and (begin - odd) % 2 == 1:
            answer = batch.inputs[:, begin].copy()
        first = max(begin, odd)
        for place in range(first + (first - odd) % 2, length - 2, 2):
            hit = batch.inputs[:, place] == asked
            answer[hit] = batch.inputs[hit, place + 1]
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 10,000 examples.
        assert (answer == target).mean() == pytest.approx(expected, abs=0.02)


def test_associative_recall_asks_to_keep_the_values_of_the_keys_that_were_shown():
    batch = draw(recall(), 10)
    there = (batch.inputs[:, :8:2, None] == np.arange(K)).any(1).sum(1)
    expected = there.mean() * np.log2(N)
    # Four standard errors of 10,000 counts with a deviation of at most 0.6, in bits.
    assert recall().information(10) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("length", [3, 4, 9, LONGEST])
def test_induction_asks_for_the_token_behind_the_trigger(length):
    batch = draw(induction(), length)
    inputs = batch.inputs[:, :length]
    places = np.nonzero(inputs == V)[1].reshape(COUNT, 2)
    assert (places[:, 1] == length - 1).all()
    counts = np.bincount(places[:, 0], minlength=length - 2)
    assert len(counts) == length - 2
    assert length == 3 or abs(chi_square_excess(counts)) < 4
    answer = np.take_along_axis(inputs, places[:, :1] + 1, axis=1)[:, 0]
    assert (batch.targets[:, length - 1] == answer).all()
    assert abs(chi_square_excess(np.bincount(inputs[inputs < V]))) < 4
    assert (batch.mask == np.eye(LONGEST)[length - 1]).all()


@pytest.mark.parametrize("length", [3, 4, 12])
def test_induction_is_known_to_a_window_with_the_trigger(length):
    """The token behind the trigger, else the one that begins the window."""
    task = induction()
    batch, floor = draw(task, length, seed=1), task.floor(length)
    target = batch.targets[:, length - 1]
    for k in range(1, length + 1):
        seen = batch.inputs[:, length - k : length]
        answer = np.where(seen[:, 0] < V, seen[:, 0], 0)
        for place in range(k - 2):
            hit = seen[:, place] == V
            answer[hit] = seen[hit, place + 1]
        expected = floor + (1 - floor) * task.window_score(length, k)
        # Four standard errors of 10,000 examples.
        assert (answer == target).mean() == pytest.approx(expected, abs=0.02)
