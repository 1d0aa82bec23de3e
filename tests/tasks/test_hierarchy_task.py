"""Hierarchy, against the languages of its definitions, example by example."""

import numpy as np
import pytest

from lib.registry import TASKS
from tests.tasks import hierarchy_language as language
from tests.tasks.exact import check_sampler, check_scores, draw

REVERSE = lambda x: x[::-1]
LANGUAGES = [
    ("dyck", {"max_depth": 3}, 6, language.dyck(6, 2, 3)),
    ("dyck", {"max_depth": 1, "num_kinds": 3}, 5, language.dyck(5, 3, 1)),
    ("dyck", {}, 5, language.dyck(5, 2, 8)),
    ("modular_brackets", {}, 1, language.modular_brackets(1, 5)),
    ("modular_brackets", {}, 7, language.modular_brackets(7, 5)),
    ("modular_brackets", {"modulus": 2}, 9, language.modular_brackets(9, 2)),
    ("modular_brackets", {"modulus": 2}, 11, language.modular_brackets(11, 2)),
    ("stack_manipulation", {}, 2, language.stack_manipulation(2)),
    ("stack_manipulation", {}, 5, language.stack_manipulation(5)),
    ("missing_duplicate", {}, 8, language.missing_duplicate(8)),
    ("missing_duplicate", {}, 7, language.missing_duplicate(7)),
    ("duplicate", {}, 4, language.transduction(4, 2, lambda x: (*x, *x))),
    ("odds_first", {}, 5, language.transduction(5, 2, lambda x: x[::2] + x[1::2])),
    ("odds_first", {}, 6, language.transduction(6, 2, lambda x: x[::2] + x[1::2])),
    ("bucket_sort", {}, 4, language.transduction(4, 5, sorted)),
    ("bucket_sort", {"num_symbols": 2}, 7, language.transduction(7, 2, sorted)),
    ("reverse", {}, 5, language.transduction(5, 2, REVERSE)),
    ("reverse", {"num_symbols": 3}, 4, language.transduction(4, 3, REVERSE)),
]
CASES = [
    pytest.param(
        *case, id="-".join([case[0], *map(str, case[1].values()), str(case[2])])
    )
    for case in LANGUAGES
]


@pytest.mark.parametrize(("name", "options", "length", "examples"), CASES)
def test_what_is_drawn_is_the_language(name, options, length, examples):
    task = TASKS[name]("train", 12_000, length + 1, **options)
    check_sampler(task, examples, length)


@pytest.mark.parametrize(("name", "options", "length", "examples"), CASES)
def test_floor_and_window_scores_are_exact(name, options, length, examples):
    task = TASKS[name]("train", 1, length, **options)
    check_scores(task, examples, length)


# Measured with the generators of Deletang et al.'s code, of 1500 to 4000 examples for
# sorting (a standard error of a point for a whole string, two allowed), of 600 with
# brackets (two standard errors of the share are four points).
@pytest.mark.parametrize(
    ("name", "length", "measured", "error"),
    [
        ("bucket_sort", 41, 0.778, 0.02),
        ("bucket_sort", 100, 0.860, 0.02),
        ("bucket_sort", 250, 0.909, 0.02),
        ("bucket_sort", 500, 0.937, 0.02),
        ("modular_brackets", 41, 0.257, 0.04),
        ("modular_brackets", 100, 0.310, 0.04),
        ("modular_brackets", 250, 0.350, 0.04),
        ("stack_manipulation", 41, 0.5, 0.025),
        ("stack_manipulation", 500, 0.5, 0.025),
    ],
)
def test_floors_are_those_measured_with_the_authors_generators(
    name, length, measured, error
):
    floor = TASKS[name]("train", 1, length).floor(length)
    assert floor == pytest.approx(measured, abs=error)


def test_the_floor_of_sorting_is_nine_tenths_over_the_published_lengths():
    floor = TASKS["bucket_sort"]("train", 1, 500).floor
    assert np.mean([floor(n) for n in range(41, 501)]) == pytest.approx(
        0.9005, abs=0.002
    )


@pytest.mark.parametrize("length", [41, 100])
def test_the_floor_with_brackets_is_that_of_the_grammar_run_as_written(length):
    random = np.random.default_rng(0)

    def value(n):
        if n <= 4:
            return (-1) ** (n % 2 == 0) * random.integers(5) % 5
        left = random.integers(1, n - 3)
        a, b = value(left), value(n - 3 - left)
        return (a + b, a - b, a * b)[random.integers(3)] % 5

    shares = np.bincount([value(length) for _ in range(3000)], minlength=5) / 3000
    floor = TASKS["modular_brackets"]("train", 1, length).floor(length)
    assert shares[0] == shares.max()
    assert shares[0] == pytest.approx(floor, abs=4 * np.sqrt(0.3 * 0.7 / 3000))


@pytest.mark.parametrize("right", [0, 3, 4])
def test_a_string_matches_only_if_all_of_it_is_right(right):
    task = TASKS["reverse"]("train", 3, 5)
    batch = draw(task, 4)
    answers = batch.targets.copy()
    answers[0, 4 + right : 8] = 1 - answers[0, 4 + right : 8]
    outputs = np.eye(2, dtype=np.float32)[answers]
    metric = task.metrics["exact_match"]
    reached = metric.finalize(metric.accumulate(outputs, batch))
    assert reached == pytest.approx(1.0 if right == 4 else 2 / 3)
