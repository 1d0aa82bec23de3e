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
