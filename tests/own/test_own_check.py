"""What of a sweep the user's own models and tasks are checked at."""

import pytest

from experiments import own_check
from experiments.experiment import Experiment
from experiments.own import Given, Own
from lib.error import UserError
from lib.registry import MODELS, TASKS
from lib.sweep import compare
from tests.own import broken_models, broken_tasks


def test_each_is_checked_at_every_length_of_the_sweep(monkeypatch):
    monkeypatch.setitem(MODELS, "mine", broken_models.sound)
    monkeypatch.setitem(TASKS, "asked", broken_tasks.sound)
    base = {
        "task": {"name": "asked", "length": 4},
        "model": {"name": "mine"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "evaluation": {"lengths": (6, 100)},
    }
    axis = compare("task.length", (4, 8))
    experiment = Experiment("all", "", "", {"all": (base, [axis])}, [])
    given = lambda name: (Given(name, name, {}),)
    both = Own(given("mine"), given("asked"))
    for find in (own_check.find_tasks, own_check.find_models):
        assert [use.lengths for use in find(experiment, both)] == [{4, 6, 8, 100}]
    seen = {}
    monkeypatch.setattr(
        "lib.contract.task.check_task",
        lambda *a: seen.update(task=a[3]) or [],
    )
    monkeypatch.setattr(
        "lib.contract.model.check_model",
        lambda *a: seen.update(model=a[4]) or [],
    )
    own_check.check_own(experiment, both)
    assert seen == {"task": {4, 6, 8, 100}, "model": 100}


def test_a_task_that_cannot_be_made_is_named_though_a_model_is_given_too(monkeypatch):
    def falls_over(split, batch_size, max_length):
        raise NameError("nothing is called so")

    monkeypatch.setitem(MODELS, "mine", broken_models.sound)
    monkeypatch.setitem(TASKS, "asked", falls_over)
    base = {
        "task": {"name": "asked", "length": 4},
        "model": {"name": "mine"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
    }
    experiment = Experiment("all", "", "", {"all": (base, [])}, [])
    given = lambda name: (Given(name, name, {}),)
    with pytest.raises(UserError, match="asked: .*nothing is called so"):
        own_check.check_own(experiment, Own(given("mine"), given("asked")))
