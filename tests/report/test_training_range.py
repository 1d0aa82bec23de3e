"""Where runs are tested beyond the lengths of training, the report knows which."""

import random
from dataclasses import replace

import pytest

from lib import stats
from lib.report.collect import Run
from lib.report.headline import score_table
from lib.report.provenance import budget_text
from lib.report.score import model_scores
from lib.report.score_band import bands_of


def run(tested=(8, 16, 32), seed=0, **train):
    by_length = lambda value: {str(n): value for n in tested}
    result = {
        "task": {
            "score_metric": "accuracy",
            "floor": by_length(0.0),
            "optimum": by_length(1.0),
        },
        "metrics": {"test": by_length({"accuracy": 1.0})},
    }
    config = {"task": {"length": 16}, "seed": seed}
    config["train"] = {"num_steps": 100, "batch_size": 8, **train}
    return Run(
        "", "p", {"model": "rnn"}, "replicate", "done", "", config, {}, result, ()
    )


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ({}, (16, 16)),
        ({"curriculum": "none", "min_length": 4}, (16, 16)),
        ({"curriculum": "uniform"}, (1, 16)),
        ({"curriculum": "mix", "min_length": 4}, (4, 16)),
    ],
)
def test_training_range_is_the_length_or_what_a_curriculum_draws(train, expected):
    (model,) = model_scores([run(**train), run(seed=1, **train)])
    assert model.trained == expected
    assert model.lengths == (8, 16, 32)


def test_there_is_no_range_where_runs_are_tested_at_their_length_alone():
    (model,) = model_scores([run(tested=(16,))])
    assert model.trained is None


def test_a_run_tested_at_many_lengths_has_its_one_training_time():
    runs = [run(seed=seed) for seed in range(3)]
    for one, seconds in zip(runs, (5.0, 90.0, 7.0), strict=True):
        one.result["measured"] = {"train_seconds": seconds}
    table = score_table(model_scores(runs))
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["seconds a run"].text == "7.00"
    assert "training of one run, median over seeds. Seeds:" in table.note


def test_the_budget_names_the_curriculum():
    plain = "Budget of a run: at most 100 steps of 8 sequences."
    assert budget_text([run()]) == plain
    assert budget_text([run(curriculum="linear", min_length=4)]) == (
        plain + " Lengths of the batches: linear 4 to 16."
    )


def test_the_band_of_tested_curves_holds_them_at_once_and_stays_in_the_scale():
    draw = random.Random(1)
    runs = [run(seed=seed) for seed in range(6)]
    for one in runs:
        for values in one.result["metrics"]["test"].values():
            values["accuracy"] = draw.choice([0.05, 0.4, 1.0])
    (model,) = model_scores(runs)
    curves = [[model.scores[s][t] for t in model.lengths] for s in model.seeds]
    band = bands_of(model)
    assert all(0 <= low <= high <= 1 for low, high in band)
    wide = stats.simultaneous_band(curves)
    assert [max(low, 0) for low, _ in wide] == [low for low, _ in band]
    alone = bands_of(replace(model, trained=None))
    assert alone == [
        stats.mean_interval(column) for column in zip(*curves, strict=True)
    ]
