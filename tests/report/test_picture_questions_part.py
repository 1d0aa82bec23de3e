"""Tables and figures of questions about pictures, from made-up results."""

import numpy as np
import pytest

from lib.picture import encode_png
from lib.report.collect import Run
from lib.report.figure import looks
from lib.report.part import headline, part_markup
from lib.report.picture_questions import answers_of
from lib.report.picture_questions_figure import lit
from lib.report.picture_questions_part import clause_table, kind_table, shown

FLOORS = {
    "majority": {"accuracy": 0.25, "relations": 0.3},
    "question_only": {"accuracy": 0.464, "relations": 0.437, "clauses_1": 0.4},
    "image_only": {"accuracy": 0.333},
}
PICTURE = np.full((6, 6, 3), 200, np.uint8)


def example(said="circle", **more):
    return {
        "picture": encode_png(PICTURE),
        "question": "what shape is the red thing ?",
        "wanted": "circle",
        "said": said,
        "probability": 0.9,
        "looks": [[[0.25, 0.25], [0.25, 0.25]]],
        **more,
    }


def run(model, seed, shares, state="done", **more):
    metrics = {"loss": 0.1, "num_targets": 10, **shares}
    result = {
        "metrics": {"test": {"12": metrics}},
        "task": {"name": "scene_questions", "system": "picture_questions"},
        "floors": FLOORS,
        "cost": {"parameters": 81_338},
        **more,
    }
    config = {"task": {"length": 12}, "model": {"name": model}, "seed": seed}
    cell = {"model": model}
    return Run("", "part", cell, "replicate", state, "", config, {}, result, ())


RUNS = [
    run("chain", 0, {"accuracy": 0.95, "relations": 0.9, "clauses_1": 0.8}),
    run("chain", 1, {"accuracy": 0.97, "relations": 0.96, "clauses_1": 0.9}),
    run("blind", 0, {"accuracy": 0.46, "relations": 0.44, "clauses_1": 0.4}),
]


def text(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_every_seed_stands_below_its_mean_and_the_floors_below_the_models():
    table = kind_table(answers_of(RUNS))
    assert table.columns[:3] == ("model", "all", "relations")
    rows = text(table)
    assert rows[0][:3] == ["chain", "96.0", "93.0"]
    assert table.rows[0][2].detail == "90.0 96.0"
    assert rows[1][:3] == ["blind", "46.0", "44.0"]
    floors = {row[0]: row[1:3] for row in rows[2:]}
    assert floors == {
        "floor: question only, best answer": ["46.4", "43.7"],
        "floor: picture only, best answer": ["33.3", "–"],
        "floor: one answer": ["25.0", "30.0"],
    }
    assert headline(RUNS) == table


def test_clauses_have_a_table_of_their_own_with_the_floor():
    table = clause_table(answers_of(RUNS))
    assert table.columns == ("model", "1 clauses")
    assert text(table)[0] == ["chain", "85.0"]
    assert text(table)[2] == ["floor: question only, best answer", "40.0"]


def test_answers_of_the_best_model_are_shown_right_ones_first():
    answers = [example("square"), example(), example("square")]
    runs = [
        run("chain", 0, {"accuracy": 0.9}, picture_answers=answers),
        run("blind", 0, {"accuracy": 0.4}),
    ]
    [(label, examples)] = shown(answers_of(runs))
    assert label == "chain"
    assert [e.is_right for e in examples] == [True, False, False]
    assert examples[0].looks is not None and examples[0].looks.shape == (1, 2, 2)


@pytest.mark.parametrize(
    "broken",
    [
        {"picture": "no png"},
        {"picture": encode_png(PICTURE[..., 0])},
        {"question": 3},
        {"probability": "1"},
    ],
)
def test_what_is_no_example_is_left_out(broken):
    entries = [example(**broken), example(), "no entry"]
    runs = [run("chain", 0, {"accuracy": 0.9}, picture_answers=entries)]
    [model] = answers_of(runs)
    assert len(model.examples) == 1


@pytest.mark.parametrize("looks", ["x", [1.0], [[[float("nan")]]], [[[1.0], [1.0, 2]]]])
def test_looks_that_are_none_leave_the_example(looks):
    runs = [run("chain", 0, {"accuracy": 0.9}, picture_answers=[example(looks=looks)])]
    [model] = answers_of(runs)
    assert model.examples[0].looks is None


def test_a_picture_is_bright_where_it_was_looked_at_alone():
    bright = lit(PICTURE, np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert (bright[0, 0] == 200).all()
    np.testing.assert_array_equal(bright[-1, -1], np.full(3, 80))  # 0.4 of 200


def test_the_part_draws_clauses_and_answers(tmp_path):
    shares = {"accuracy": 0.9, "clauses_0": 0.95, "clauses_1": 0.85}
    runs = [run("chain", 0, shares, picture_answers=[example(), example("square")])]
    children = part_markup("part", runs, looks(["chain"]), tmp_path)
    files = {path.name for path in tmp_path.glob("*.png")}
    assert files == {"part-clauses.png", "part-answers-0.png"}
    page = "".join(getattr(child, "html", "") for child in children)
    assert "Questions answered right" in page and "By number of clauses" in page
    assert headline([run("chain", 0, {}, state="running")]) is None
