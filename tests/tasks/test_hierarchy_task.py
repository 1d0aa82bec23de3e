"""Hierarchy, against the languages of its definitions, example by example."""

import tracemalloc

import numpy as np
import pytest

from lib.registry import TASKS
from tests.tasks import hierarchy_language as language
from tests.tasks.exact import check_task, draw

WRITTEN = {
    "reverse": lambda x: x[::-1],
    "duplicate": lambda x: (*x, *x),
    "odds_first": lambda x: x[::2] + x[1::2],
    "bucket_sort": sorted,
}


def strings(name, num_symbols):
    return lambda n: language.transduction(n, num_symbols, WRITTEN[name])


# By task and options: lengths whose examples are enumerated, and how.
LANGUAGES = [
    ("dyck", {"max_depth": 3}, [1, 6], lambda n: language.dyck(n, 2, 3)),
    ("dyck", {"max_depth": 1, "num_kinds": 3}, [5], lambda n: language.dyck(n, 3, 1)),
    (
        "modular_brackets",
        {"modulus": 2},
        [1, 2, 3, 4, 9, 11],
        lambda n: language.modular_brackets(n, 2),
    ),
    ("modular_brackets", {}, [7], lambda n: language.modular_brackets(n, 5)),
    ("stack_manipulation", {}, [2, 5, 6], language.stack_manipulation),
    ("binary_addition", {}, [3, 4, 7, 8], language.binary_addition),
    ("missing_duplicate", {}, [2, 7, 8], language.missing_duplicate),
    ("reverse", {"num_symbols": 3}, [1, 4], strings("reverse", 3)),
    ("duplicate", {}, [4], strings("duplicate", 2)),
    ("odds_first", {}, [5, 6], strings("odds_first", 2)),
    ("bucket_sort", {}, [1, 4], strings("bucket_sort", 5)),
    ("bucket_sort", {"num_symbols": 3}, [6], strings("bucket_sort", 3)),
]
# Whose window scores are upper bounds, and by how much they may be too low: for a mean
# over draws four standard errors, for a closed form rounding.
BOUNDS = {"modular_brackets": 0.04, "binary_addition": 1e-9}
CASES = [
    pytest.param(*case, id="-".join([case[0], *map(str, case[1].values())]))
    for case in LANGUAGES
]


@pytest.mark.parametrize(("name", "options", "lengths", "examples"), CASES)
def test_what_is_drawn_is_the_language_and_scores_are_its(
    name, options, lengths, examples
):
    task = TASKS[name]("train", 16_000, max(lengths) + 1, **options)
    languages = {length: examples(length) for length in lengths}
    check_task(task, languages, BOUNDS.get(name))


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
        ("binary_addition", 41, 0.5, 0.025),
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


def test_a_string_matches_only_if_all_of_it_is_right():
    task = TASKS["reverse"]("train", 3, 5)
    batch, metric = draw(task, 4), task.metrics["exact_match"]
    for num_right, expected in ((0, 2 / 3), (3, 2 / 3), (4, 1.0)):
        answers = batch.targets.copy()
        answers[0, 4 + num_right : 8] = 1 - answers[0, 4 + num_right : 8]
        answers[:, 8:] = 1  # what is not asked does not count
        outputs = np.eye(2, dtype=np.float32)[answers]
        reached = metric.finalize(metric.accumulate(outputs, batch))
        assert reached == pytest.approx(expected)


def test_the_floor_of_long_sums_is_found_in_little_memory():
    floor = TASKS["binary_addition"]("train", 1, 1500).floor
    tracemalloc.start()
    assert floor(1500) == pytest.approx(0.5, abs=1e-5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32e6  # all at once: 144e6
