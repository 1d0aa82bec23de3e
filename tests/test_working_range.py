"""The range of a setting's values with which a model works."""

import math

import pytest

from lib.stats import working_range


@pytest.mark.parametrize(
    ("scores", "ends", "is_open"),
    [
        # 0.9 of the best, 0.8, is 0.72.
        ({1e-4: 0.1, 1e-3: 0.73, 1e-2: 0.8, 1e-1: 0.71}, (1e-3, 1e-2), (False, False)),
        # What is solved works, however much better another is.
        ({1e-4: 0.9, 1e-3: 1.0, 1e-2: 0.89}, (1e-4, 1e-3), (True, False)),
        # A value that fails ends the range; one beyond it that works is not of it.
        ({1e-4: 0.95, 1e-3: None, 1e-2: 1.0, 1e-1: 0.9}, (1e-2, 1e-1), (False, True)),
        ({1e-3: 1.0, 1e-2: 0.0, 1e-1: 1.0, 1.0: 1.0}, (1e-1, 1.0), (False, True)),
        ({1e-3: 0.3, 1e-2: 0.0}, (1e-3, 1e-3), (True, False)),
    ],
)
def test_values_near_the_best_or_solved_work(scores, ends, is_open):
    found = working_range(dict(reversed(scores.items())))
    assert found is not None
    assert (found.low, found.high) == ends
    assert (found.open_low, found.open_high) == is_open
    assert found.decades == pytest.approx(math.log10(ends[1] / ends[0]))


@pytest.mark.parametrize(
    "scores", [{}, {1e-3: 0.0, 1e-2: None}, {1e-3: -0.5}, {0.0: 1.0}, {1.0: 3.0}]
)
def test_without_a_score_nothing_works(scores):
    assert working_range(scores) is None


@pytest.mark.parametrize(
    "scores", [{1e-3: 0.0, 3e-3: 0.03, 1e-2: 0.012}, {1e-3: 0.02, 1e-2: 0.0}]
)
def test_what_learned_nothing_works_nowhere(scores):
    assert working_range(scores) is None


def test_what_is_solved_works_even_where_the_share_asks_for_more():
    found = working_range({1e-3: 0.92, 1e-2: 1.0, 1e-1: 0.85}, share=0.99)
    assert found is not None and (found.low, found.high) == (1e-3, 1e-2)
