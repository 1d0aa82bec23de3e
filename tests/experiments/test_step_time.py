"""The program that times a training step beside Flax's own layers."""

import os
import re

import pytest

from experiments.step_time import take_turns
from tests.experiments.test_train_generate_reproduce import ROOT, ask

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SMALL = ("step_time", "--batch_size=2", "--hidden_size=3", "--rounds=1", "--side=4")
SMALL += ("--filters=2",)
COMMANDS = {
    "side": ("step_time", "--side=30"),
    "filters": ("step_time", "--filters=32,x"),
    "rounds": ("step_time", "--rounds=0"),
}
REFUSED = {
    "side": "--side must be a multiple of 4, which 2 blocks halve, got 30",
    "filters": r"--filters must be whole numbers, as 32,64, got \['32', 'x'\]",
    "rounds": "rounds",
}


@pytest.fixture(scope="module")
def answers():
    found = ask(ENVIRONMENT, *COMMANDS.values())
    return dict(zip(COMMANDS, found, strict=True))


@pytest.mark.slow  # four programs to compile
def test_each_has_its_time_and_the_ratios_are_of_them():
    [answer] = ask(ENVIRONMENT, SMALL)
    assert answer.code == 0, answer.errors
    lines = answer.output.splitlines()
    times = {}
    for line in lines[1:5]:
        name, clock, processor = re.split(r"\s{2,}", line)
        times[name] = float(clock), float(processor)
    assert set(times) == {
        f"{who}, {calls}"
        for who in ("horizon", "flax")
        for calls in ("a call a step", "3 steps a call")
    }
    assert [line.split(":")[0] for line in lines[5:]] == [
        "ratio, a call a step",
        "ratio, 3 steps a call",
        "ratio, each at its fastest",
    ]


@pytest.mark.parametrize("name", REFUSED)
def test_bad_sizes_are_one_clear_line(answers, name):
    answer = answers[name]
    assert answer.code == 2 and answer.output == ""
    assert re.search(REFUSED[name], answer.errors), answer.errors


def test_turns_are_taken_in_rounds_and_the_first_is_not_counted():
    order = []
    steps = {name: (lambda name=name: order.append(name), 2) for name in "ab"}
    times = take_turns(steps, 3)
    assert order == ["a", "b"] * 4
    assert all(found.clock >= 0 and found.processor >= 0 for found in times.values())
