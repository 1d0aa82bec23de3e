"""Validation of configs, their canonical id, and what makes two runs one program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.check import check_program
from lib.config import check_config, make_config, static_settings, traced_settings
from lib.error import UserError
from lib.program import identify, make_program
from tests.small import RUN, small

ROOT = Path(__file__).resolve().parents[1]


def test_a_config_survives_the_way_through_json():
    config = make_config(RUN)
    assert make_config(json.loads(json.dumps(config.to_dict()))) == config


def test_defaults_are_filled_in():
    config = make_config(RUN)
    assert config.optimizer["b1"] == 0.9
    assert config.task["supervision"] == "last"
    assert config.evaluation.lengths == ()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("model.hiden_size", 8, "unknown setting 'hiden_size'; did you mean 'hidden"),
        ("model.name", "lsmt", "unknown name 'lsmt'; did you mean 'lstm'? (known: bag"),
        ("task.name", "recal", "did you mean 'recall'? (known: adding"),
        ("optimizer.name", "adm", "unknown name 'adm'; did you mean 'adam'"),
        ("model.hidden_size", 0, "model.hidden_size must be an integer at least 1"),
        ("model.hidden_size", True, "got True"),
        ("task.length", -5, "task.length must be an integer at least 1"),
        ("task.length", "8", "got '8'"),
        ("optimizer.learning_rate", float("nan"), "must be a finite number above 0"),
        ("optimizer.learning_rate", 0, "must be a finite number above 0"),
        ("train.num_steps", 1.5, "train.num_steps must be an integer"),
        ("train.stop_score", 2.0, "at least 0 and at most 1"),
        ("evaluation.lengths", (4, -1), "evaluation.lengths must be a list of"),
        ("seed", -1, "config.seed must be an integer at least 0"),
        ("seed", 2**32, "config.seed must be an integer"),
        ("seed", True, "got True"),
        ("sed", 1, "unknown section 'sed'; did you mean 'seed'"),
        ("task", "recall", "config.task must be a table of settings, got 'recall'"),
    ],
)
def test_a_bad_value_is_refused_by_name(key, value, said):
    bad = small()
    place, name = bad, key
    if "." in key:
        section, name = key.split(".")
        place = bad[section]
    place[name] = value
    config, problems = check_config(bad)
    assert config is None and len(problems) == 1
    assert said in problems[0]


def test_every_problem_is_said_at_once():
    bad = small(model__hidden_size=0, task__num_symbols=1, train__num_steps="x")
    with pytest.raises(UserError) as caught:
        make_config(bad)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task__length": 1}, "recall: length must be at least 2, got 1"),
        ({"optimizer__warmup_steps": 60}, "warmup_steps must be below"),
        ({"evaluation__contexts": (1, 2)}, "evaluation.contexts needs a text task"),
        (
            {"task": {"name": "python_docs"}, "train__stop_score": 0.9},
            "train.stop_score needs a task with a score",
        ),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(values, said):
    changed = small(**values)
    if changed["task"]["name"] == "python_docs":
        changed["task"] = {"name": "python_docs", "length": 8}
    with pytest.raises(UserError, match=said):
        check_program(make_config(changed))


@given(st.permutations(sorted(RUN)))
def test_the_id_does_not_depend_on_the_order_of_keys(order):
    shuffled = {section: RUN[section] for section in order}
    assert identify(make_config(shuffled)) == identify(make_config(RUN))


def test_the_id_is_the_same_in_another_process():
    code = (
        "from lib.config import make_config; from lib.program import identify; "
        "from tests.small import RUN; print(identify(make_config(RUN)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=ROOT, env=environment
    )
    assert done.stdout.decode().strip() == identify(make_config(RUN))


def test_an_integer_and_its_float_are_one_run():
    assert identify(make_config(small(optimizer__clip_norm=1))) == identify(
        make_config(small(optimizer__clip_norm=1.0))
    )


@pytest.mark.parametrize(
    "values",
    [{"seed": 1}, {"optimizer__learning_rate": 0.01}, {"task__num_symbols": 5}],
)
def test_every_setting_changes_the_id(values):
    assert identify(make_config(small(**values))) != identify(make_config(RUN))


# Knobs of load that came after runs had been stored: their ids must go on.
@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("copy_memory", {"num_copied": 10, "num_symbols": 8}),
        ("copy_tcn", {"num_copied": 10, "num_symbols": 8}),
        ("temporal_order", {"num_distractors": 4}),
        ("mqar", {"num_passes": 1}),
    ],
)
def test_a_knob_that_came_later_is_no_part_of_the_id_at_its_default(name, knobs):
    task = {"name": name, "length": 24}
    plain, stated = (make_config({**RUN, "task": t}) for t in (task, {**task, **knobs}))
    assert not set(knobs) & set(plain.to_dict()["task"])
    assert identify(plain) == identify(stated)
    for knob, value in knobs.items():
        changed = make_config({**RUN, "task": {**task, knob: value + 1}})
        assert identify(changed) != identify(plain)


def test_runs_that_differ_in_traced_settings_share_a_program():
    base = make_config(small(model={"name": "lstm", "hidden_size": 8}))
    other = make_config(
        small(
            model={"name": "lstm", "hidden_size": 8, "forget_bias": 3.0},
            optimizer__learning_rate=0.5,
            seed=9,
        )
    )
    assert static_settings(base) == static_settings(other)
    assert make_program(base) is make_program(other)
    assert traced_settings(other)["model.forget_bias"] == 3.0


def test_runs_that_differ_in_shape_do_not():
    assert (
        make_program(make_config(RUN)).key
        != make_program(make_config(small(model__hidden_size=9))).key
    )
