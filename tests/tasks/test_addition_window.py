"""What windows tell of a sum, against enumeration and a predictor that rounds."""

import math

import numpy as np
import pytest

from lib.registry import TASKS
from tests.tasks.exact import best_accuracy
from tests.tasks.hierarchy_language import binary_addition

LENGTH, COUNT = 40, 20_000
PLUS = 2


def stated_accuracy(length, k):
    task = TASKS["binary_addition"]("train", 1, length)
    floor = task.floor(length)
    return floor + (1 - floor) * task.window_score(length, k)


def told_where_the_sign_is(example):
    size = example.inputs.index(PLUS)
    return example._replace(inputs=tuple((size, x) for x in example.inputs))


# From T = 7 on a window can lack three bits of both numbers: the end is then unlikely.
@pytest.mark.parametrize("length", [3, 4, 5, 6, 7, 8])
def test_who_is_told_where_the_second_number_begins_scores_the_bound(length):
    told = [told_where_the_sign_is(e) for e in binary_addition(length)]
    for k in range(1, 2 * length + 2):
        expected = best_accuracy(told, k)
        assert stated_accuracy(length, k) == pytest.approx(expected, abs=1e-12), k


def test_who_is_not_told_scores_as_much_less_as_the_docstring_says():
    length = 8
    task, language = TASKS["binary_addition"]("train", 1, length), binary_addition(8)
    floor = best_accuracy(language, 0)
    gaps = {
        k: task.window_score(length, k)
        - (best_accuracy(language, k) - floor) / (1 - floor)
        for k in range(1, 2 * length + 2)
    }
    assert max(gaps, key=gaps.__getitem__) == length - 1
    assert gaps[length - 1] == pytest.approx(0.16, abs=0.005)
    assert min(gaps[k] for k in range(1, 2 * length - 4)) > 0.01
    assert max(gaps[k] for k in range(2 * length - 4, 18)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("k", [3, 30, 41, 44])
def test_the_digits_of_the_likeliest_sum_are_right_as_often_as_stated(k):
    random = np.random.default_rng(0)
    n = random.integers(1, LENGTH - 1, COUNT)
    m = LENGTH - 1 - n
    a = random.integers(2**n)
    b = random.integers(2**m)
    num_digits = np.maximum(np.ceil(np.log2(a + b + 1)), 1)
    asked, right = np.zeros(COUNT), np.zeros(COUNT)
    for i in range(LENGTH + 1):
        held = min(max(k - 1 - i, 0), LENGTH)
        hidden_b = np.maximum(m - held, 0)
        hidden_a = np.where(held <= m, n, LENGTH - held)
        low = np.maximum(hidden_a, hidden_b)
        seen = (a >> hidden_a << hidden_a) + (b >> hidden_b << hidden_b)
        # What is not seen is symmetric about its mean: so is the sum.
        sum_twice = 2 * seen + 2**hidden_a - 1 + 2**hidden_b - 1
        above = (sum_twice + 1) >> (low + 1)  # the likelier sum's places from `low` on
        place = np.maximum(i - low, 0)
        guess = np.where(above >> place > 0, above >> place & 1, 2)
        lacking = (hidden_a == hidden_b) & (low == i) & (low >= 3)
        guess = np.where((i < low) | (lacking & (above == 0)), 1, guess)
        answer = np.where(i < num_digits, (a + b) >> i & 1, 2)
        asked += i <= num_digits
        right += (i <= num_digits) & (guess == answer)
    expected = stated_accuracy(LENGTH, k)
    error = np.std(right - expected * asked) / asked.mean() / math.sqrt(COUNT)
    assert right.sum() / asked.sum() == pytest.approx(expected, abs=4 * error)


def test_the_scores_of_a_long_sum_rise_to_one():
    length = 1100  # 2^T is no float64
    score = TASKS["binary_addition"]("train", 1, length).window_score
    sizes = [1, 512, 1024, length, length + 8, 2 * length, 2 * length + 1, 2**20]
    scores = [score(length, k) for k in sizes]
    assert (np.diff(scores) >= -1e-12).all()
    assert 0 < scores[0] < 0.003 and scores[-2:] == [1, 1]
    assert scores[3] == pytest.approx(1 / 3, abs=1e-3)
    assert scores[4] == pytest.approx(0.999, abs=1e-3)
