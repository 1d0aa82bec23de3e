"""What windows tell of a stack, against a recursion action by action.

At the lengths that can be enumerated test_hierarchy_task holds it against all examples.
"""

import numpy as np
import pytest

from lib.registry import TASKS


def act(mass):
    """One more action: a push, or a pop of what is known, else of what is below."""
    after = np.zeros((mass.shape[0] + 1, mass.shape[1] + 1))
    after[1:, :-1] += mass * 2 / 3
    after[:-2, :-1] += mass[1:] / 3
    after[0, 1:] += mass[0] / 3
    return after


def depths(length):
    """[U, d]: the chance of depth d after U inputs with only actions behind them."""
    rows = np.zeros((length + 1, length + 1))
    for step in range(1, length + 1):
        rows[step, 1:] = rows[step - 1, :-1] * 2 / 3
        rows[step, :-1] += rows[step - 1, 1:] / 3
        rows[step, 0] += rows[step - 1, 0] / 3
        if step < length:
            rows[step, step] += 1 / (length - 1)
    return rows


def accuracy(length, k):
    """By the mass of r known symbols and p pops below them, [r, p], of each window."""
    rows = depths(length)
    deep = np.array([rows[-1, j:].sum() for j in range(length + 2)])
    right = sum(deep[j] for j in range(max(k - length, 0)))
    for j in range(k, length + 1):
        right += max(rows[-1, j], deep[j + 1] / 2)
    actions, bits = np.ones((1, 1)), np.zeros((1, 1))
    for n in range(length):
        j, before = k - 1 - n, length - n
        if 0 <= j <= length:
            r, p = np.indices(actions.shape)
            tail = np.array([rows[before, d:].sum() for d in range(3 * length + 9)])
            below = np.maximum(j - r, 0)  # how many symbols from there are asked first
            ends = tail[p + below] - tail[p + below + 1]
            ends = np.where(below == 0, tail[0] - tail[p + 1], ends)
            best = np.maximum(ends, tail[p + below + 1] / 2)
            right += np.sum(actions * np.where(j < r, tail[0], best))
            left = np.maximum(before - p, 0)
            best = np.where(left == below, 1, np.where(left > below, 0.5, 0))
            right += np.sum(bits * np.where(j < r, 1, best))
        if n:
            bits[n, 0] += 1 / (length - 1)  # all of the window's inputs are bits
        actions, bits = act(actions), act(bits)
    return right / deep[:-1].sum()


def test_windows_of_a_long_string_are_those_of_the_recursion():
    length = 31
    task = TASKS["stack_manipulation"]("train", 1, length)
    floor = task.floor(length)
    for k in (1, 2, 9, 20, 30, 31, 32, 47, 61, 62, 63):
        expected = (accuracy(length, k) - floor) / (1 - floor)
        assert task.window_score(length, k) == pytest.approx(expected, abs=1e-12), k


def test_the_scores_of_a_long_string_rise_to_one():
    length = 1000
    score = TASKS["stack_manipulation"]("train", 1, length).window_score
    scores = [score(length, 2**i) for i in range(21)]
    assert scores[0] == 0 and scores[-1] == 1
    assert (np.diff(scores) >= 0).all()
