"""What windows tell of a string sorted, beyond what test_hierarchy_task enumerates."""

import math

import numpy as np
import pytest

from lib.registry import TASKS
from lib.tasks.sort_window import all_counts, num_judged

LENGTH, V, COUNT = 24, 5, 4000


def at_least(c, n, p):
    """P(Binomial(n, p) >= c), term by term."""
    terms = range(max(c, 0), n + 1)
    return math.fsum(math.comb(n, m) * p**m * (1 - p) ** (n - m) for m in terms)


@pytest.mark.parametrize("k", [12, 20, 24, 30, 40])
def test_who_guesses_from_the_counts_in_a_window_is_right_as_often_as_scored(k):
    strings = np.random.default_rng(1).integers(V, size=(COUNT, LENGTH))
    answers = np.sort(strings, axis=1)
    right = np.zeros(COUNT)
    for i in range(1, LENGTH + 1):
        held = max(min(k - i, LENGTH), 0)
        seen = strings[:, LENGTH - held :]
        at_most = np.zeros((V + 1, COUNT))  # P(X_(i) < v | seen)
        for v in range(V):
            counts = (seen <= v).sum(1)
            chances = [
                at_least(i - c, LENGTH - held, (v + 1) / V) for c in range(held + 1)
            ]
            at_most[v + 1] = np.array(chances)[counts]
        right += np.diff(at_most, axis=0).argmax(0) == answers[:, i - 1]
    reached = right / LENGTH
    task = TASKS["bucket_sort"]("train", 1, LENGTH)
    floor = task.floor(LENGTH)
    expected = floor + (1 - floor) * task.window_score(LENGTH, k)
    # Four standard errors of these strings, and of the 4096 of the score.
    bound = 4 * reached.std() * math.sqrt(1 / COUNT + 1 / 4096)
    assert reached.mean() == pytest.approx(expected, abs=bound)


def test_the_scores_of_a_long_string_rise_from_none_to_one():
    score = TASKS["bucket_sort"]("train", 1, 100).window_score
    scores = [score(100, 2**i) for i in range(21)]
    assert scores[0] == 0 and scores[-1] == 1 and (np.diff(scores) >= 0).all()
    assert score(100, 70) >= score(100, 64)
    assert score(100, 150) < 1 == score(100, 200)


@pytest.mark.parametrize(("size", "num_symbols"), [(1, 2), (1, 3), (5, 2), (4, 4)])
def test_every_count_has_the_chance_of_its_strings(size, num_symbols):
    counts = all_counts(size, num_symbols)
    found = {tuple(c): p for c, p in zip(counts.up_to.T, counts.share, strict=True)}
    strings = np.indices((num_symbols,) * size).reshape(size, -1)
    up_to = [(strings <= v).sum(0) for v in range(num_symbols - 1)]
    columns, number = np.unique(up_to, axis=1, return_counts=True)
    expected = number / num_symbols**size
    assert len(found) == len(expected)
    for column, chance in zip(columns.T, expected, strict=True):
        assert found[tuple(column)] == pytest.approx(chance, rel=1e-12)


def test_more_symbols_are_judged_on_fewer_strings():
    assert num_judged(2) == num_judged(19) == 4096
    assert num_judged(1000) == 80
