"""Trained at some lengths, tested at others: who stands where, and what is drawn."""

from lib.report.collect import Run
from lib.report.extrapolation import extrapolation_markup, panels_of

TESTED = (4, 8, 16)


def run(model, trained, seed, scores, state="done", **cell):
    by_length = lambda value: {str(n): value for n in (*TESTED, *scores)}
    test = {str(n): {"accuracy": score} for n, score in scores.items()}
    result = {
        "task": {
            "score_metric": "accuracy",
            "floor": by_length(0.0),
            "optimum": by_length(1.0),
        },
        "metrics": {"test": test},
    }
    config = {"model": {"name": model}, "task": {"length": trained}, "seed": seed}
    place = {"model": model, **cell}
    return Run(f"{seed}", "p", place, "replicate", state, "", config, {}, result, ())


def by_training(model, trained, seed, scores, **more):
    return run(model, trained, seed, scores, length=trained, **more)


def test_a_row_is_a_training_length_and_its_mean_over_seeds():
    runs = [
        by_training("rnn", 8, 0, {4: 1.0, 8: 0.5, 16: 0.0}),
        by_training("rnn", 8, 1, {4: 1.0, 8: 0.75, 16: 0.5}),
        by_training("rnn", 4, 0, {4: 1.0, 8: 0.25, 16: 0.0}),
        by_training("gru", 4, 0, {4: 1.0, 8: 1.0, 16: 1.0}),
    ]
    rnn, gru = panels_of(runs)
    assert (rnn.title, gru.title) == ("rnn", "gru")
    assert [(row.name, row.trained) for row in rnn.rows] == [("4", 4), ("8", 8)]
    assert rnn.rows[0].scores == {4: 1.0, 8: 0.25, 16: 0.0}
    assert rnn.rows[1].scores == {4: 1.0, 8: 0.625, 16: 0.25}


def test_a_diverged_seed_counts_at_the_floor_everywhere():
    whole = {n: 1.0 for n in TESTED}
    lost = by_training("rnn", 8, 1, {}, state="diverged")
    gone = by_training("rnn", 8, 2, {}, state="failed")
    (panel,) = panels_of([by_training("rnn", 8, 0, whole), lost, gone])
    assert panel.rows[0].scores == {n: 0.5 for n in TESTED}


def test_with_one_training_length_the_models_and_curricula_are_the_rows():
    scores = {n: 1.0 for n in TESTED}
    runs = [run("rnn", 8, 0, scores, curriculum=name) for name in ("uniform", "linear")]
    (panel,) = panels_of(runs)
    names = [row.name for row in panel.rows]
    assert names == ["rnn, curriculum uniform", "rnn, curriculum linear"]


def test_nothing_is_shown_of_runs_tested_where_they_trained(tmp_path):
    runs = [by_training("rnn", 8, 0, {8: 1.0}), by_training("rnn", 4, 0, {4: 1.0})]
    assert panels_of(runs) == []
    assert extrapolation_markup("p", runs, tmp_path) == []


def test_the_figure_says_how_far_each_row_is_solved(tmp_path):
    runs = [
        by_training("rnn", 4, 0, {4: 1.0, 8: 0.95, 16: 0.2}),
        by_training("rnn", 8, 0, {4: 0.1, 8: 1.0, 16: 1.0}),
    ]
    (child,) = extrapolation_markup("p", runs, tmp_path)
    assert "rnn 4: solved to 8; rnn 8: solved to none." in str(child)
    for name in ("p-extrapolation.svg", "p-extrapolation.png"):
        assert (tmp_path / name).stat().st_size > 0
