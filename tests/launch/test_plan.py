"""What a sweep asks for, and how the value of a tuned setting is chosen."""

import pytest

from lib.error import UserError
from lib.launch.plan import count_runs, decide, make_plan, run_work
from lib.sweep import compare, product, replicate, tune
from tests.launch.finished import end_run, fail_run, fresh, rate, tiny_plan
from tests.small import RUN, small

LOW, HIGH = 0.005, 0.02


@pytest.fixture(scope="module")
def made():
    return tiny_plan()


@pytest.fixture
def plan(made):
    return fresh(made)


def cell_runs(plan, index=0, stage="tune"):
    return [r for r in plan["runs"] if (r["cell_index"], r["stage"]) == (index, stage)]


def choose(plan, root, **numbers):
    """Decide the first cell alone, given what each learning rate reached there."""
    ids = {run["id"] for run in cell_runs(plan)}
    for run, given in zip(cell_runs(plan), numbers.values(), strict=True):
        end_run(root, run, **given)
    assert decide(plan, root, lambda run_id: run_id in ids)
    return plan["choices"][0]["chosen"]


def test_a_plan_counts_cells_runs_and_programs(plan):
    assert count_runs(plan) == {"cells": 4, "runs": 16, "distinct": 16, "programs": 4}
    assert [group["width"] for group in plan["groups"]] == [2, 2, 2, 2]


def test_a_runs_work_is_the_tokens_it_trains_on_and_a_picture_is_one():
    digits = {"task": {"name": "digits", "length": 8}, "model": {"name": "mlp"}}
    training = {"num_steps": 30, "batch_size": 4, "eval_every": 30}
    assert run_work({**digits, "train": training}) == 30 * 4
    recall = {"task": {"name": "recall", "length": 8}, "model": {"name": "rnn"}}
    assert run_work({**recall, "train": training}) == 30 * 4 * 8


def test_a_run_that_is_asked_for_twice_is_one_run():
    axes = product(compare("task.length", {"a": 4, "b": 4}), replicate(range(3)))
    plan = make_plan("twice", {"part": (RUN, axes)})
    assert count_runs(plan) == {"cells": 2, "runs": 6, "distinct": 3, "programs": 1}
    members = [run_id for group in plan["groups"] for run_id in group["members"]]
    assert len(members) == len(set(members)) == 3


def test_a_plan_tells_how_many_cells_are_checked():
    axes = product(compare("task.length", {"a": 4, "b": 5}), replicate(range(2)))
    heard = []
    make_plan("told", {"part": (RUN, axes)}, tell=lambda *counts: heard.append(counts))
    assert heard == [(0, 2), (1, 2)]


def test_groups_hold_at_most_the_width_and_share_it():
    axes = product(replicate(range(5)))
    plan = make_plan("wide", {"part": (RUN, axes)}, max_width=2)
    assert [len(group["members"]) for group in plan["groups"]] == [2, 2, 1]
    assert {group["width"] for group in plan["groups"]} == {2}


def test_all_problems_are_said_at_once_with_their_cells():
    models = {"bad": {"name": "rnn", "hidden_size": 0}, "odd": {"name": "rnm"}}
    axes = product(compare("model", models), compare("task.length", (1, 6)))
    with pytest.raises(UserError) as caught:
        make_plan("wrong", {"part": (small(), axes)})
    first, second = str(caught.value).splitlines()
    assert "hidden_size must be an integer at least 1" in first
    assert first.endswith("[model=bad, length=1; model=bad, length=6]")
    assert "did you mean 'rnn'" in second and "model=odd, length=1" in second


def test_a_task_that_cannot_be_so_short_names_its_cell():
    axes = product(compare("task.length", (1, 6)))
    with pytest.raises(UserError, match=r"at least 2, got 1.* \[length=1\]$"):
        make_plan("short", {"part": (RUN, axes)})


def test_a_sweep_without_runs_is_refused():
    with pytest.raises(UserError, match="sweep empty: 0 runs"):
        make_plan("empty", {})


def test_the_highest_validation_score_is_chosen(plan, tmp_path):
    assert choose(plan, tmp_path, low={"score": 0.6}, high={"score": 0.5}) == LOW
    assert plan["choices"][0]["scores"] == [0.6, 0.5]


def test_a_solved_run_counts_as_one(plan, tmp_path):
    solved = {"score": 0.99, "stopped": "solved", "step": 20}
    assert choose(plan, tmp_path, low={"score": 0.995}, high=solved) == HIGH


def test_among_equal_scores_fewer_steps_win(plan, tmp_path):
    low, high = {"step": 40, "loss": 0.1}, {"step": 20, "loss": 0.2}
    for numbers in (low, high):
        numbers |= {"stopped": "solved"}
    assert choose(plan, tmp_path, low=low, high=high) == HIGH


def test_then_the_lower_loss_wins(plan, tmp_path):
    assert choose(plan, tmp_path, low={"loss": 0.9}, high={"loss": 0.8}) == HIGH


@pytest.mark.parametrize("score", [0.5, 0.0])
def test_a_diverged_run_counts_as_zero_and_wins_no_tie(plan, tmp_path, score):
    wild = {"score": 0.9, "state": "diverged", "stopped": "diverged", "step": 3}
    assert choose(plan, tmp_path, low=wild, high={"score": score}) == HIGH
    assert plan["choices"][0]["scores"] == [0.0, score]


def test_a_failed_run_counts_as_zero(plan, tmp_path):
    low, high = cell_runs(plan)
    fail_run(tmp_path, low)
    end_run(tmp_path, high, score=0.0)
    decide(plan, tmp_path, lambda run_id: run_id in (low["id"], high["id"]))
    assert plan["choices"][0]["chosen"] == HIGH


def test_settings_tuned_together_are_chosen_together(tmp_path):
    seeds = (100, 101)
    axes = product(
        tune("optimizer.learning_rate", (LOW, HIGH), seeds),
        tune("train.min_length", (1, 2), seeds),
        replicate(range(2)),
    )
    base = small(train__curriculum="mix", task={"name": "parity", "length": 6})
    del base["task"]["num_symbols"], base["task"]["num_distractors"]
    plan = make_plan("two", {"part": (base, axes)})
    tuning = cell_runs(plan)
    assert [run["point"] for run in tuning] == [0, 0, 1, 1, 2, 2, 3, 3]
    # Mean scores 0.2, 0.3, 0.7, 0.4: the best of the rates and of the lengths.
    for run, score in zip(
        tuning, (0.1, 0.3, 0.2, 0.4, 0.6, 0.8, 0.4, 0.4), strict=True
    ):
        end_run(tmp_path, run, score=score)
    assert decide(plan, tmp_path, lambda _: True)
    first, second = plan["choices"]
    assert (first["setting"], first["chosen"]) == ("optimizer.learning_rate", HIGH)
    assert (second["setting"], second["chosen"]) == ("train.min_length", 1)
    assert first["scores"] == pytest.approx([0.3, 0.7])
    assert second["scores"] == pytest.approx([0.7, 0.4])
    assert first["grid"]["scores"] == pytest.approx([0.2, 0.3, 0.7, 0.4])
    assert first["grid"]["points"][2] == {
        "optimizer.learning_rate": HIGH,
        "train.min_length": 1,
    }
    reported = cell_runs(plan, stage="replicate")
    assert [run["config"]["seed"] for run in reported] == [0, 1]
    for run in reported:
        assert rate(run) == HIGH and "point" not in run
        assert run["config"]["train"].get("min_length", 1) == 1


def test_tuning_seeds_are_not_reported(plan, tmp_path):
    assert choose(plan, tmp_path, low={"score": 0.1}, high={"score": 0.2}) == HIGH
    tuned, reported = cell_runs(plan), cell_runs(plan, stage="replicate")
    assert {run["config"]["seed"] for run in tuned} == {100}
    assert [run["config"]["seed"] for run in reported] == [0, 1]
    assert {rate(run) for run in reported} == {HIGH}


def test_a_cell_waits_for_all_its_tuning_runs(plan, tmp_path):
    low, _ = cell_runs(plan)
    end_run(tmp_path, low)
    assert not decide(plan, tmp_path, lambda run_id: run_id == low["id"])
    assert plan["pending"] == [0, 1, 2, 3] and not plan["choices"]


def test_a_plan_made_anew_comes_out_the_same(plan, made, tmp_path):
    for place, run in enumerate(plan["runs"]):
        end_run(tmp_path, run, score=place % 3 / 3)
    together = fresh(made)
    decide(together, tmp_path, lambda run_id: True)
    for index in (2, 0, 3, 1):
        ids = {run["id"] for run in cell_runs(plan, index)}
        decide(plan, tmp_path, lambda run_id, ids=ids: run_id in ids)
    assert plan == together


def test_abilities_stand_in_the_plan_and_name_known_parts_only():
    axes = product(replicate((0,)))
    plan = make_plan("able", {"part": (RUN, axes)}, abilities={"part": "distance"})
    assert plan["abilities"] == {"part": "distance"}
    with pytest.raises(UserError, match=r"abilities of unknown parts other \(known: p"):
        make_plan("able", {"part": (RUN, axes)}, abilities={"other": "distance"})
