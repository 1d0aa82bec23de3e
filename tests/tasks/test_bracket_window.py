"""What windows tell of an expression with brackets, against every expression."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from lib.registry import TASKS
from lib.tasks import bracket_window
from lib.tasks.bracket_window import (
    num_judged,
    transitions,
    value_shares,
    what_is_known,
    window_accuracy,
)
from tests.tasks.hierarchy_language import bracketed

COUNT = 4096  # expressions that a score is measured on
MANY = 100_000  # to see a smaller error


def first_size(text):
    """The symbols of A in (A o B)."""
    depth = 0
    for place, symbol in enumerate(text[1:]):
        depth += (symbol == "(") - (symbol == ")")
        if depth == 0 and symbol != "-":  # a sign, of a digit that follows
            return place + 1
    raise ValueError(text)


def told(text, unseen):
    """The sizes of the parts that the window begins in, from the outermost on."""
    if len(text) <= 4 or not 0 < unseen < len(text) - 1:
        return ()
    size = first_size(text)
    if unseen <= size + 1:
        return (size, *told(text[1 : 1 + size], unseen - 1))
    return (size, *told(text[2 + size : -1], unseen - 2 - size))


def posteriors(expressions, k, modulus):
    """P(what is seen and told), and that of each value given it."""
    weights: Any = defaultdict(lambda: np.zeros(modulus))
    for chance, text, value in expressions:
        unseen = len(text) - k
        weights[told(text, unseen), text[unseen:]][value] += chance
    joint = np.array([*weights.values()])
    chances = joint.sum(1)
    return chances, joint / chances[:, None]


@pytest.mark.parametrize(
    ("length", "modulus"), [(3, 3), (4, 5), (5, 3), (6, 5), (8, 4), (9, 3), (13, 2)]
)
def test_the_bound_is_what_the_last_symbols_and_the_sizes_that_are_cut_tell(
    length, modulus, monkeypatch
):
    expressions = bracketed(length, modulus)
    bounds = [window_accuracy(length, modulus, k) for k in range(1, length + 1)]
    means, errors = [], []
    monkeypatch.setattr(bracket_window, "num_judged", lambda modulus: MANY)
    for k in range(1, length + 1):
        chances, exact = posteriors(expressions, k, modulus)
        drawn = what_is_known(length, length - k, modulus)
        for judge in (best, products):
            mean = chances @ judge(exact)
            variance = np.maximum(chances @ judge(exact) ** 2 - mean**2, 0)
            error = np.sqrt(variance / MANY) + 1e-9
            # Of up to 16 numbers a window, all of them within five standard errors.
            assert (np.abs(judge(drawn).mean(0) - mean) < 5 * error).all(), k
            if judge is best:
                means.append(mean)
                errors.append(np.sqrt(variance / COUNT) + 1e-9)
    # The largest error: what a narrower window has is counted as well.
    np.testing.assert_allclose(bounds, means, rtol=0, atol=4 * max(errors))
    assert bounds[-1] == 1


def best(chances):
    """The share of right answers of the likeliest value."""
    return chances.max(1)


def products(chances):
    """Of the probabilities of each two values: they tell what `best` averages out."""
    return np.einsum("nx,ny->nxy", chances, chances).reshape(len(chances), -1)


def test_the_value_of_a_part_changes_as_the_operators_say():
    length, m = 9, 3
    changes = transitions(length, m)
    assert changes.shape == (3 * m + length + 1, m, m)
    shares = value_shares(length, m)
    for x, other in np.ndindex(m, m):
        for o, result in enumerate((x + other, x - other, x * other)):
            row = np.eye(m)[result % m]
            np.testing.assert_array_equal(changes[o * m + other, x], row)
        for size in range(1, length + 1):
            results = [(a + x, a - x, a * x) for a in range(m)]
            chances = [
                [np.mean(np.array(r) % m == y) for y in range(m)] for r in results
            ]
            expected = shares[size] @ np.array(chances)
            np.testing.assert_allclose(changes[3 * m + size, x], expected, rtol=1e-12)


def test_the_scores_of_a_long_expression_rise_from_none_to_one():
    score = TASKS["modular_brackets"]("train", 1, 100).window_score
    scores = [score(100, k) for k in range(1, 130)]
    assert scores[0] == 0 and (np.diff(scores) >= 0).all()
    assert scores[63] < 0.15 and scores[98] == scores[128] == 1


def test_a_window_between_those_looked_at_has_the_score_of_the_next():
    accuracies = [window_accuracy(40, 3, k) for k in (32, 33, 34)]
    assert accuracies[0] < accuracies[1] == accuracies[2]


def test_larger_moduli_are_judged_on_fewer_expressions():
    assert num_judged(2) == num_judged(19) == COUNT
    assert num_judged(100) == 800
