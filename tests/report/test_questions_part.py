"""Tables of questions, from made-up results."""

import pytest

from lib.report.collect import Run
from lib.report.part import headline, part_markup
from lib.report.questions import answer_table, kind_table, predictor_table, task_table

FACTS = {
    "title": "lists-sets",
    "sentence_tokens": 8,
    "blind": 0.125,
    "question_only": 0.25,
    "last_mention": 0.5,
}


def run(name, cell, seed, lengths, state="done", floor=0.2, **more):
    """A run that scored {length: {metric: value}}."""
    longest = max(lengths, default=8)
    result = {
        "metrics": {"test": {str(n): dict(m) for n, m in lengths.items()}},
        "task": {
            "name": name,
            "system": "questions",
            "score_metric": "exact_match",
            "facts": FACTS,
            "floor": {str(n): floor for n in lengths},
            "optimum": {str(n): 1.0 for n in lengths},
        },
        **more,
    }
    task = {"name": name, "length": cell.get("length", longest)}
    config = {"task": task, "model": {"name": "gru"}, "seed": seed}
    return Run("", "part", cell, "replicate", state, "", config, {}, result, ())


def babi(model, number, seed, exact, **more):
    cell = {"model": model, "number": number}
    lengths = {128: {"exact_match": exact}}
    return run("babi", cell, seed, lengths, **more)


def text(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_task_stands_beside_its_floor_with_every_seed():
    runs = [babi("gru", 8, 0, 0.9), babi("gru", 8, 1, 1.0), babi("rnn", 8, 0, 0.25)]
    table = task_table(runs)
    assert table.columns == ("task", "majority", "gru", "rnn")
    assert text(table) == [["8 lists-sets", "20.0", "95.0", "25.0"]]
    gru, rnn = table.rows[0][2:]
    assert (gru.detail, gru.tint) == ("90.0 100.0", "rate4")
    assert (rnn.detail, rnn.tint) == ("1 seed", "rate0")


def test_tasks_are_summed_up_by_model():
    runs = [babi("gru", 1, 0, 0.95), babi("gru", 4, 0, 0.55), babi("rnn", 1, 0, 0.35)]
    table = task_table(runs)
    assert [row[0].text for row in table.rows] == [
        "1 lists-sets",
        "4 lists-sets",
        "mean",
        "passed",
    ]
    assert text(table)[1][2:] == ["55.0", "–"]
    assert text(table)[2][2:] == ["75.0", "35.0"]
    assert table.rows[2][3].detail == "of 1 tasks"
    assert text(table)[3][2:] == ["1 of 2", "0 of 1"]


def test_a_diverged_run_counts_at_nothing_and_a_failed_one_not_at_all():
    runs = [
        babi("gru", 1, 0, 0.8),
        babi("gru", 1, 1, 0.7, state="diverged"),
        babi("gru", 1, 2, 0.7, state="failed"),
    ]
    assert task_table(runs).rows[0][2].text == "40.0"
    assert task_table(runs).rows[0][2].detail == "80.0 0.0"


def test_orders_of_reading_are_columns_of_their_own():
    runs = [babi("gru", 1, 0, 0.5), babi("gru", 1, 0, 0.9)]
    for one, order in zip(runs, ("story", "question"), strict=True):
        one.cell["order"] = order
    table = task_table(runs)
    assert table.columns[2:] == ("gru, order story", "gru, order question")
    assert text(table)[0][2:] == ["50.0", "90.0"]


def stories(length, seed, **metrics):
    return run("stories", {"model": "gru", "length": length}, seed, {length: metrics})


def test_kinds_are_shown_at_the_longest_length_that_is_answered():
    runs = [
        stories(8, 0, exact_match=1.0, who=1.0, held_out_answers=0.0),
        stories(16, 0, exact_match=0.95, who=0.9, held_out_answers=0.25),
        stories(16, 1, exact_match=0.87, who=0.8, held_out_answers=0.75),
        stories(32, 0, exact_match=0.5, who=0.5, held_out_answers=0.0),
    ]
    table = kind_table(runs)
    names = ("model", "length", "exact match", "who", "held-out answers")
    assert table.columns == names
    assert text(table) == [["gru", "16", "91.0", "85.0", "50.0"]]
    assert table.rows[0][4].detail == "25.0 75.0"


def test_simple_predictors_stand_at_each_length_with_its_sentences():
    table = predictor_table([stories(16, 0, exact_match=1.0), stories(48, 0)])
    assert table.columns == ("predictor", "length 16", "length 48")
    assert [row[1:] for row in text(table)] == [
        ["12.5", "12.5"],
        ["25.0", "25.0"],
        ["50.0", "50.0"],
    ]
    assert "16 tokens: 2, 48 tokens: 6." in table.note


def test_answers_are_shown_with_what_would_have_been_right():
    given = [
        {"text": "a b " * 100 + "c ?", "wanted": "x", "said": "x", "probability": 0.75},
        {"text": "who ?", "wanted": "x y", "said": "", "probability": 0.5},
    ]
    table = answer_table([run("stories", {"model": "gru"}, 0, {8: {}}, answers=given)])
    first, second = table.rows
    assert first[1].text.endswith("c ?") and " … " in first[1].text
    assert first[3].tint == "verdict-reached" and first[3].detail == "0.75"
    assert [cell.text for cell in second] == ["gru", "who ?", "x y", "(nothing)"]
    assert second[3].tint == "short"


def test_the_best_model_of_a_task_speaks_for_it():
    given = lambda said: [{"text": "q", "wanted": "w", "said": said}]
    runs = [
        babi("gru", 1, 0, 0.5, answers=given("bad")),
        babi("lstm", 1, 0, 0.9, answers=given("good")),
        babi("gru", 4, 0, 0.1, answers=given("four")),
    ]
    assert [row[3].text for row in answer_table(runs).rows] == ["good", "four"]


@pytest.mark.parametrize(
    "damaged",
    [
        {"answers": 3},
        {"answers": [None, {"text": ["x"]}]},
        {"task": {"system": "questions", "facts": [1], "floor": {"128": "x"}}},
        {"metrics": {"test": {"128": {"exact_match": "high"}}}},
    ],
)
def test_a_damaged_result_raises_nothing(damaged, tmp_path):
    runs = [babi("gru", 1, 0, 0.5), babi("gru", 4, 0, 0.5, **damaged)]
    assert headline(runs) is not None
    assert part_markup("part", runs, {}, tmp_path)


def test_the_section_of_babi_is_its_table(tmp_path):
    runs = [babi("gru", 1, 0, 0.5)]
    markup = "".join(child.html for child in part_markup("part", runs, {}, tmp_path))
    assert "Exact match by task" in markup and "majority" in markup
