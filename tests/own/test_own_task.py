"""A task of one's own in a config of several parts: one task, and each run once."""

import pytest

from experiments.experiment import Experiment
from experiments.own import Given, Own
from experiments.own_sweep import join
from experiments.own_task import solve_widths
from lib.budget import match
from lib.launch.plan import make_plan
from lib.own import add_task
from lib.sweep import compare, override, product, replicate, tune
from tests.experiments.test_train_generate_reproduce import ROOT
from tests.small import small

LABEL = "last_marked"
PLAIN = {"lstm": {"name": "lstm"}, "gru": {"name": "gru"}}


def given(**settings):
    name = add_task(f"{ROOT}/docs/examples/my_task.py:make_last_marked")
    return Given(LABEL, name, settings)


def part(task, axis, models=None, **values):
    """A part as a config gives it: models, the task's own setting, rates, seeds."""
    base = override(small(model={"name": "lstm", "hidden_size": 12}), values)
    base["task"] = task
    rates = tune("optimizer.learning_rate", (0.01, 0.02), seeds=(7,))
    return base, product(
        models or match("parameters", "lstm", PLAIN, base, tolerance=0.1),
        compare(*axis),
        rates,
        replicate(range(2)),
    )


RECALL = {"name": "recall", "length": 8, "num_symbols": 4}
REVERSE = {"name": "reverse", "length": 4, "num_symbols": 30}  # other widths
PAIRS = {"name": "mqar", "length": 16, "vocabulary_size": 16}


def joined(parts, *tasks, models=(), expected=()):
    before = Experiment("several", "", "", parts, expected, {next(iter(parts)): "a"})
    after = join(before, Own(models, tasks or (given(num_symbols=4),)))
    return solve_widths(after)


def plan_of(experiment):
    return make_plan(
        experiment.name,
        experiment.parts,
        expected=experiment.expected,
        abilities=experiment.abilities,
    )


def several():
    return {
        "distance: recall": part(RECALL, ("task.length", (8, 16))),
        "binding: mqar": part(PAIRS, ("task.num_pairs", (1, 2))),
        "hierarchy: reverse": part(REVERSE, ("task.length", (4, 8))),
    }


def test_parts_alike_but_for_task_and_lengths_are_one_over_all_their_lengths():
    whole = joined(several(), expected=[{"part": "distance: recall"}])
    plan = plan_of(whole)
    cells = [cell["labels"] for cell in plan["cells"]]
    assert list(whole.parts) == [LABEL] and plan["expected"] == []
    assert cells == [{"model": m, "length": n} for m in PLAIN for n in (4, 8, 16)]
    ids = [run["id"] for run in plan["runs"]]
    assert len(ids) == len(set(ids)) == 12  # two rates each


def test_what_took_the_task_and_what_was_left_out_is_said():
    assert joined(several()).remarks[:2] == (
        f"{LABEL}: in the place of 'distance: recall', 'hierarchy: reverse'",
        "left out, as they compare no lengths: 'binding: mqar'",
    )


def parameters(gates, H, D, V):
    return gates * (D * H + H * H + H) + H * V + V


def test_widths_are_solved_for_the_task_that_is_trained():
    # Of the task: 4 symbols plain, 4 marked and the query are 9 inputs, 4 classes.
    own = Given("mine", "rnn", {"hidden_size": 5})
    for models in ((), (own,)):
        whole = joined({"only": part(RECALL, ("task.length", (8, 16)))}, models=models)
        target = parameters(4, 12, 9, 4)
        best = min(range(1, 99), key=lambda H: abs(parameters(3, H, 9, 4) / target - 1))
        error = 100 * abs(parameters(3, best, 9, 4) / target - 1)
        said = f"equal parameters: {target:,} as lstm has, to {error:.1f} %"
        said += "; mine: as given" if models else ""
        plan = plan_of(whole)
        assert plan["matched"] == {LABEL: said}
        assert whole.remarks[-1] == f"{LABEL}: {said}"
        widths = {
            run["cell"]["model"]: run["config"]["model"]["hidden_size"]
            for run in plan["runs"]
        }
        assert widths == {"lstm": 12, "gru": best, **({"mine": 5} if models else {})}


def test_a_budget_that_the_task_cannot_keep_is_not_called_equal():
    strict = match("parameters", "lstm", {"lstm": {"name": "lstm"}}, small())
    asked = {**strict.matched, "models": PLAIN, "tolerance": 1e-9}
    strict = strict._replace(matched=asked)
    whole = joined({"only": part(RECALL, ("task.length", (8,)), strict)})
    assert plan_of(whole)["matched"] == {}
    said = f"{LABEL}: widths as in the config, not matched: match: gru: no hidden_size"
    assert whole.remarks[-1].startswith(said)


def test_a_setting_that_the_task_lacks_is_named_with_those_it_has():
    whole = joined(several(), given(symbols=4))
    with pytest.raises(ValueError, match="task: unknown setting 'symbols'"):
        plan_of(whole)


def test_parts_of_another_budget_stay_apart_under_names_that_name_no_ability():
    longer = part(REVERSE, ("task.length", (4, 8)), **{"train.num_steps": 80})
    whole = joined({**several(), "hierarchy: longer": longer})
    assert list(whole.parts) == [
        f"{LABEL}, distance, recall",
        f"{LABEL}, hierarchy, longer",
    ]
    plan = plan_of(whole)
    assert len({run["id"] for run in plan["runs"]}) == len(plan["runs"])
    steps = {run["part"][-6:]: run["config"]["train"] for run in plan["runs"]}
    assert [c["num_steps"] for c in steps.values()] == [60, 80]


def test_a_part_whose_runs_are_those_of_another_is_left_out():
    # One more setting, at the value of the config: half of its runs are the first's.
    base, axes = part(RECALL, ("task.length", (8, 16)))
    clips = compare("optimizer.clip_norm", (1.0, 0.5))
    whole = joined({"a": (base, axes), "b": (base, product(*axes, clips))})
    assert list(whole.parts) == [f"{LABEL}, a"]
    # 2 models x 2 lengths x 2 rates x (1 tuning seed + 2 seeds)
    said = f"b: left out, as 24 of its runs are those of {LABEL}, a"
    assert whole.remarks[-1] == f"{LABEL}, {said}"


def test_parts_that_compare_no_lengths_join_over_those_of_their_configs():
    parts = {
        "one": part(PAIRS, ("task.num_pairs", (1, 2)), compare("model", PLAIN)),
        "two": part(
            {**PAIRS, "length": 32}, ("task.num_pairs", (4,)), compare("model", PLAIN)
        ),
    }
    cells = plan_of(joined(parts))["cells"]
    assert [cell["labels"] for cell in cells] == [
        {"model": m, "length": n} for m in PLAIN for n in (16, 32)
    ]


def test_two_tasks_are_two_parts():
    one, two = (given(num_symbols=n)._replace(label=f"m{n}") for n in (4, 8))
    whole = joined(several(), one, two)
    assert list(whole.parts) == ["m4", "m8"]
    # 17 inputs and 8 classes: the second has widths of its own.
    assert f"{parameters(4, 12, 17, 8):,} as lstm" in plan_of(whole)["matched"]["m8"]


def test_one_part_is_as_it_was():
    base, axes = part(RECALL, ("task.length", (8, 16)), compare("model", PLAIN))
    task = given(num_symbols=4)
    whole = joined({"recall": (base, axes)}, task)
    by_hand = {**base, "task": {**task.section, "length": 8}}
    before = make_plan("before", {"x": (by_hand, axes)})
    ids = lambda plan: [run["id"] for run in plan["runs"]]
    assert ids(plan_of(whole)) == ids(before)
