"""The part of a report that shows classifiers of pictures, over made-up results."""

from dataclasses import replace

import numpy as np
import pytest

from lib.picture import encode_png
from lib.report.classification import model_answers
from lib.report.collect import Run
from lib.report.images import examples_of, flops_a_picture, pictures_tested
from lib.report.images_part import headline, part_markup
from lib.report.markup import join

CLASSES = ["0", "<b>", "2"]
COUNTS = [[98, 1, 1], [0, 100, 0], [2, 0, 98]]
SHADES = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def example(target, *answers):
    return {"picture": encode_png(SHADES), "target": target, "answers": list(answers)}


EXAMPLES = {
    "right": [example("0", ["0", 0.9], ["2", 0.1])],
    "wrong": [example("<b>", ["2", 0.7], ["<b>", 0.2])],
}


def made_run(model, seed, value, kind="pictures", length=8, **result):
    test = {"accuracy": value, "loss": 0.1, "num_targets": 300}
    whole = {
        "metrics": {
            "test": {str(length): test},
            "validation": {str(length): {"accuracy": 0.9}},
        },
        "task": {
            "system": "images",
            "score_metric": "accuracy",
            "floor": {str(length): 0.34},
            "facts": {
                "kind": kind,
                "side": 8,
                "num_pictures": {"train": 1000, "validation": 100, "test": 300},
            },
        },
        "confusion": {"classes": CLASSES, "counts": COUNTS},
        "examples": EXAMPLES,
        "cost": {"parameters": 12, "state_size": 0, "flops_per_token": 50},
        "measured": {"train_seconds": 10.0},
        **result,
    }
    return Run(
        id=f"{model}{seed}".ljust(16, "0"),
        part="digits",
        cell={"model": model},
        stage="replicate",
        state="done",
        reason="",
        config={"seed": seed, "task": {"length": length}},
        versions={},
        result=whole,
        problems=(),
    )


@pytest.fixture
def runs():
    cnn = [made_run("cnn", seed, 0.99 + 0.001 * seed) for seed in range(3)]
    return [made_run("mlp", 0, 0.95), *cnn]


def test_the_table_has_the_best_first_and_the_floor_last(runs):
    table = headline(runs)
    assert table is not None
    assert [row[0].text for row in table.rows] == ["cnn", "mlp", "floor: does not look"]
    assert table.rows[0][1].text == "0.9910"
    # Wilson's interval of 297 of 300, from its formula.
    z, p, n = 1.959964, 297 / 300, 300
    centre, scale = p + z * z / (2 * n), 1 + z * z / n
    spread = z * (p * (1 - p) / n + (z / (2 * n)) ** 2) ** 0.5
    low, high = (centre - spread) / scale, (centre + spread) / scale
    assert table.rows[0][1].detail == f"[{low:.4f}, {high:.4f}]"
    assert table.rows[-1][1].text == "0.3400"


def test_flops_of_a_sequence_are_those_of_all_its_steps():
    assert flops_a_picture(made_run("cnn", 0, 0.9)) == 50
    assert flops_a_picture(made_run("gru", 0, 0.9, kind="rows")) == 8 * 50


def test_nothing_is_shown_before_a_run_has_ended(runs):
    assert headline([replace(run, state="running", result={}) for run in runs]) is None


def test_the_page_has_figures_and_pictures_and_escapes_classes(runs, tmp_path):
    shown = join(*part_markup("digits", runs, {}, tmp_path)).html
    names = {path.name for path in tmp_path.glob("*.svg")}
    assert {"digits-errors.svg", "digits-confusion.svg"} <= names
    assert "digits-read.svg" not in names
    assert f"data:image/png;base64,{EXAMPLES['right'][0]['picture']}" in shown
    assert "&lt;b&gt;" in shown and "<b>&lt;b" in shown and "<b><b>" not in shown
    assert "Pictures of 8 x 8 pixels: 1,000 train, 100 validation, 300 test." in shown


def test_sequences_are_shown_by_steps_read(tmp_path):
    run = made_run("gru", 0, 0.9, kind="rows")
    run.result["metrics"]["test"]["4"] = {"accuracy": 0.6, "num_targets": 300}
    shown = join(*part_markup("rows", [run], {}, tmp_path)).html
    drawn = (tmp_path / "rows-read.svg").read_text()
    assert "steps read of each picture" in drawn
    assert "read as rows in 8 steps" in shown


@pytest.mark.parametrize(
    "examples",
    [
        3,
        {"right": 3, "wrong": "x"},
        {"right": [{"picture": "x", "target": "0", "answers": [["0", 0.5]]}]},
        {"right": [{**EXAMPLES["right"][0], "answers": [["0", "<i>"]]}]},
        {"right": [{**EXAMPLES["right"][0], "answers": [["0", 7]]}]},
        {"right": [{**EXAMPLES["right"][0], "answers": 5}]},
    ],
)
def test_damaged_examples_are_left_out(examples, tmp_path):
    run = made_run("cnn", 0, 0.9, examples=examples)
    [model] = model_answers([run])
    assert not any(examples_of(model).values())
    assert (
        '<img src="data:image/png'
        not in join(*part_markup("d", [run], {}, tmp_path)).html
    )


def test_a_result_without_facts_is_shown_all_the_same(tmp_path):
    run = made_run("cnn", 0, 0.9, task={"score_metric": "accuracy"}, cost=3)
    assert join(*part_markup("d", [run], {}, tmp_path)).html
    assert pictures_tested(model_answers([run])[0]) == 300
