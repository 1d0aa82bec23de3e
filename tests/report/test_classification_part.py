"""The part of a report that shows classifiers, over made-up results."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lib.report.classification import besides, floor_of, model_answers
from lib.report.classification_part import headline, part_markup
from lib.report.collect import Run
from lib.report.markup import join

LENGTHS = (16, 64, 256)
CLASSES = ["alt.atheism", "rec.<b>", "sci.space"]
COUNTS = [[8, 2, 0], [0, 9, 1], [1, 1, 8]]
EVIDENCE = {
    "classes": ["sci.space", "rec.<b>"],
    "target": "sci.space",
    "unit": "word",
    "pieces": [["", "From", True], [" @", "<script>", False]],
    "course": [[0.3, 0.3], [0.4, 0.2], [0.9, 0.05]],
}


def made_run(model, fold, seed, value, **result):
    curve = {str(n): {"accuracy": value - 1 / n, "loss": 1.0} for n in LENGTHS}
    facts = {
        "texts": f"texts{fold}",
        "unit": "word",
        "vocabulary_size": 30_002,
        "unknown_rate": 0.05,
        "num_texts": {"train": 10, "test": 30},
        "num_unknown_texts": 2,
    }
    whole = {
        "metrics": {"test": curve, "validation": {"64": {"accuracy": 0.9}}},
        "task": {
            "system": "classification",
            "score_metric": "accuracy",
            "floor": {str(n): 0.3 + 0.1 * fold for n in LENGTHS},
            "facts": facts,
        },
        "confusion": {"classes": CLASSES, "counts": COUNTS},
        "evidence": [EVIDENCE],
        "cost": {"parameters": 12, "state_size": 3, "flops_per_token": 4},
        "measured": {"train_seconds": 10.0},
        **result,
    }
    reader = {"seconds": 5.0, "validation": 0.8, "settings": {}}
    reader["test"] = {"16": 0.4, "64": 0.6, "256": 0.7, "whole": 0.7 + 0.02 * fold}
    return Run(
        id=f"{model}{fold}{seed}".ljust(16, "0"),
        part="texts",
        cell={"model": model, "fold": fold},
        stage="replicate",
        state="done",
        reason="",
        config={"seed": seed, "task": {"length": 64}},
        versions={},
        result=whole,
        problems=(),
        baseline={"readers": {"TF-IDF": reader}},
    )


@pytest.fixture
def runs():
    bag = [made_run("bag", fold, 0, 0.8 + 0.01 * fold) for fold in range(5)]
    return [*bag, *(made_run("gru", fold, 0, 0.7) for fold in range(2))]


def test_folds_are_replicates_of_one_model(runs):
    bag, gru = model_answers(runs)
    assert (bag.label, bag.planned, len(bag.values)) == ("bag", 5, 5)
    assert bag.at(256) == pytest.approx([0.8 + 0.01 * f - 1 / 256 for f in range(5)])
    assert gru.mean_curve()[16] == pytest.approx(0.7 - 1 / 16)
    np.testing.assert_array_equal(bag.confusion, 5 * np.array(COUNTS))


def test_the_methods_beside_are_averaged_once_a_fold(runs):
    [method] = besides(model_answers(runs))
    assert method.count == 5
    assert method.whole == pytest.approx(0.7 + 0.02 * 2)
    assert method.curve == {16: 0.4, 64: 0.6, 256: 0.7}


def test_the_floor_is_the_mean_over_runs(runs):
    assert floor_of(model_answers(runs[:5])) == pytest.approx(0.5)


def test_the_table_has_models_then_tfidf_then_the_floor(runs):
    table = headline(runs)
    assert [row[0].text for row in table.rows] == [
        "bag",
        "gru",
        "TF-IDF",
        "floor: reads nothing",
    ]
    first = table.rows[0]
    assert first[1].text == f"{0.82 - 1 / 256:.3f}" and first[1].detail.startswith("[")
    assert first[-1].text == "5 of 5"


def test_nothing_is_shown_before_a_run_has_ended(runs):
    assert headline([replace(run, state="running", result={}) for run in runs]) is None


def test_the_page_has_figures_confusion_and_escaped_evidence(runs, tmp_path):
    shown = join(*part_markup("texts", runs, {}, tmp_path)).html
    names = {path.name for path in tmp_path.glob("*.svg")}
    assert {"texts-read.svg", "texts-confusion.svg", "texts-course-0.svg"} <= names
    assert "&lt;script&gt;" in shown and "<script>" not in shown and "<b>" not in shown
    assert "2 test texts hold nothing known" in shown
    drawn = (tmp_path / "texts-read.svg").read_text()
    assert "TF-IDF" in drawn and "words read of each text" in drawn


@pytest.mark.parametrize(
    "result",
    [
        {"metrics": {"test": {"16": {"accuracy": "high"}}}},
        {"confusion": {"classes": CLASSES, "counts": [[1, 2], [3]]}},
        {"confusion": {"classes": "x", "counts": 3}},
        {"evidence": [{"classes": 3}, "x"]},
        {"task": {"system": "classification", "facts": [], "floor": 3}},
    ],
)
def test_damaged_results_are_left_out(result, tmp_path):
    runs = [made_run("bag", 0, 0, 0.8), made_run("bag", 1, 0, 0.8, **result)]
    assert join(*part_markup("texts", runs, {}, tmp_path)).html
    values = [v for m in model_answers(runs) for v in m.at(256)]
    assert all(math.isfinite(value) for value in values)
