"""Each warning appears where its mistake was made, and nowhere else."""

import pytest

from lib.report.collect import Run, Sweep
from lib.report.lint import findings

LENGTHS, SEEDS = (16, 32, 64, 128), range(5)


def run(model="gru", length=16, seed=0, stage="replicate", **changes):
    config = {"seed": seed, "evaluation": {"num_test": 1024}}
    config |= changes.pop("config", {})
    ends = {"floor": {str(length): 0.125}, "optimum": {str(length): 1.0}}
    result = {
        "task": {"system": "memory", "score_metric": "accuracy", **ends},
        "metrics": {"test": {str(length): {"accuracy": 0.5625}}},
    }
    result["task"] |= changes.pop("task", {})
    values = {
        "id": f"{model}{length}{seed}{stage}{changes}",
        "part": "recall",
        "cell": {"model": model, "length": length},
        "stage": stage,
        "state": "done",
        "reason": "",
        "config": config,
        "versions": {},
        "result": result,
        "problems": (),
    }
    return Run(**{**values, **changes})


def grid(models=("gru", "lru"), lengths=LENGTHS, seeds=SEEDS, **changes):
    return [
        run(model, length, seed, **changes)
        for model in models
        for length in lengths
        for seed in seeds
    ]


def said(runs, choices=()):
    sweep = Sweep("s", "", "", tuple(runs), tuple(choices), 0, (), ())
    return [(item.what, item.advice) for item in findings(sweep)]


def only(runs, choices=()):
    ((what, advice),) = said(runs, choices)
    assert advice.endswith(".") and advice.count(".") <= 2
    return what


def choice(chosen, values=(1e-3, 3e-3, 1e-2), setting="optimizer.learning_rate"):
    cell = {"model": "gru", "length": 16}
    return {"part": "recall", "cell": cell, "setting": setting,
            "values": list(values), "chosen": chosen}  # fmt: skip


def test_a_sound_sweep_has_no_warning():
    tuning = grid(seeds=(1000,), stage="tune")
    assert said(grid() + tuning, [choice(3e-3)]) == []


def test_too_few_seeds():
    assert only(grid(seeds=range(3))).startswith("3 seeds a model: too few")


def test_unequal_seeds_name_the_cell_that_lacks_some():
    lacking = [r for r in grid() if (r.label, r.length, r.seed) != ("lru", 64, 2)]
    assert "4 to 5 a cell ended, fewest in lru, length 64" in only(lacking)


def test_unequal_tuning_names_both_cells():
    tuning = grid(("gru",), seeds=(1000, 1001), stage="tune")
    tuning += grid(("lru",), seeds=(1000,), stage="tune")
    assert only(grid() + tuning) == (
        "Tuned unequally: 1 trials for lru, length 16, 2 for gru, length 16."
    )
    assert "0 trials for lru" in only(grid() + tuning[: len(LENGTHS) * 2])


def trained(model, **train):
    settings = {"num_steps": 800, "batch_size": 16, "stop_score": 0.99, **train}
    config = {"seed": 0, "train": settings, "evaluation": {"num_test": 1024}}
    return [
        run(model, length, seed, config={**config, "seed": seed})
        for length in LENGTHS
        for seed in SEEDS
    ]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"num_steps": 1000}, "1,000 steps of 16 to a score of 0.99"),
        ({"batch_size": 32}, "800 steps of 32 to a score of 0.99"),
        ({"stop_score": 0.999}, "800 steps of 16 to a score of 0.999"),
        ({"stop_score": None}, "800 steps of 16"),
    ],
)
def test_models_that_are_trained_longer_than_others(other, text):
    assert said(trained("gru") + trained("lru")) == []
    assert only(trained("gru") + trained("lru", **other)) == (
        "Trained unequally: gru for 800 steps of 16 to a score of 0.99, "
        f"lru for {text}."
    )


def test_lengths_may_have_budgets_of_their_own():
    runs = [*trained("gru"), *trained("lru")]
    for one in runs:
        one.config["train"]["num_steps"] = 10 * one.length
    assert said(runs) == []


def test_seeds_that_tuning_saw_are_not_reported():
    tuning = grid(seeds=(3, 1000), stage="tune")
    assert only(grid() + tuning) == "Reported on seeds that tuning chose by: 3."


def test_too_few_examples():
    config = {"evaluation": {"num_test": 256}}
    few = [run(m, t, s, config={"seed": s, **config})
           for m in ("gru", "lru") for t in LENGTHS for s in SEEDS]  # fmt: skip
    assert only(few).startswith("256 test examples a length")


@pytest.mark.parametrize(
    ("lengths", "text"),
    [
        ((16,), "One value of length: no horizon can be read off."),
        ((16, 64), "2 values of length over a factor of 4"),
        ((16, 24, 32), "3 values of length over a factor of 2"),
        (
            (10, 20, 30, 40, 50, 60, 70, 80, 90, 100),
            "Values of length not spaced evenly",
        ),
    ],
)
def test_lengths_that_do_not_make_a_log_axis(lengths, text):
    assert only(grid(lengths=lengths)).startswith(text)


def test_a_grid_of_two_learning_rates_says_so_once():
    two = [choice(rate, (3e-3, 1e-2)) for rate in (3e-3, 1e-2)]
    found = only(grid(), [*two, two[0]])
    assert found.startswith("Learning rates tuned among 2 values, the smallest chosen")
    assert "in 2 of 3 cells, the largest in 1:" in found


def test_a_learning_rate_at_the_edge_of_its_grid():
    found = only(grid(), [choice(3e-3), choice(1e-2)])
    assert "in 1 of 2 cells (gru, length 16: 0.01, the largest)" in found
    assert "the smallest" in only(grid(), [choice(1e-3)])
    assert said(grid(), [choice(1.0, (0.5, 1.0), "model.forget_bias")]) == []


@pytest.mark.parametrize("state", ["diverged", "failed"])
def test_runs_counted_at_the_floor_are_shown_with_and_without(state):
    runs = grid()
    runs[0] = run("gru", 16, 0, state=state, result={})
    # 19 scores of (0.5625 - 0.125) / 0.875 = 0.5 and one of 0.
    assert only(runs).endswith("mean score 0.475, without them 0.500.")


def test_a_comparison_without_a_floor():
    found = only(grid(task={"floor": None}))
    assert found.startswith("40 of 40 runs compare without a floor")
