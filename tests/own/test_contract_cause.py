"""A failure is named by its cause, before and instead of what follows from it."""

import numpy as np
import pytest

from lib.contract.failure import Failure, find_failures
from lib.contract.model import FLOATS, TOKENS, model_failures
from tests.own import broken_layers, broken_models

CAUSES = [
    ("looks_ahead", "looks ahead"),
    ("mixes_examples", "examples mix"),
    ("overflows", "outputs are not finite"),
    ("sometimes_not_finite", "outputs are not finite"),
    ("no_step", "has no step form"),
]


@pytest.mark.parametrize(("name", "cause"), CAUSES)
def test_what_follows_from_a_cause_is_not_said(name, cause):
    found = list(model_failures(getattr(broken_models, name), FLOATS, {}))
    assert [failure.property for failure in found] == [cause]


def test_checks_of_one_stage_are_all_made_and_later_ones_are_not():
    fail = lambda name: lambda case: Failure(name, "", "")
    stages = [(fail("one"), lambda case: None, fail("two")), (fail("three"),)]
    found = [failure.property for failure in find_failures(stages, None, None)]
    assert found == ["one", "two"]


@pytest.mark.parametrize("interface", [FLOATS, TOKENS])
def test_a_layer_without_a_step_is_named_with_what_a_step_looks_like(interface):
    (failure,) = model_failures(broken_layers.whole, interface, {})
    assert failure.property == "has no step form"
    assert '"Whole" object has no attribute "step"' in failure.example
    assert "step(h, x [B, D]) -> (next h, y [B, H])" in failure.allowed


def test_a_layer_of_the_wrong_width_is_named():
    (failure,) = model_failures(broken_layers.narrow, FLOATS, {})
    assert failure.property == "a layer's outputs have another shape"
    assert "layer 0 (Narrow) must have hidden_size 4 features, got" in failure.example


@pytest.mark.parametrize(
    ("num_steps", "broken"), [(64, False), (70, False), (128, True), (10_000, True)]
)
def test_a_look_ahead_is_looked_for_over_as_many_steps_as_are_trained(
    num_steps, broken
):
    found = model_failures(broken_models.looks_ahead_far, FLOATS, {}, None, num_steps)
    first = next((f for f in found if f.property == "looks ahead"), None)
    assert (first is not None) == broken
    if first is not None:
        assert f"with {min(num_steps, 512)} steps" in first.example


def test_a_check_of_two_interfaces_says_a_cause_before_what_follows(monkeypatch):
    from experiments import check
    from experiments.own import Given
    from lib.contract import model
    from lib.registry import MODELS

    answers = iter([["cause", "consequence"], ["consequence", "cause", "other"]])
    give = lambda *_: [Failure(name, "", "") for name in next(answers)]
    monkeypatch.setattr(model, "check_model", give)
    monkeypatch.setitem(MODELS, "mine", broken_models.sound)
    said = check._model_failures(Given("mine", "mine", {}))
    assert [line.split(":")[0] for line in said] == ["cause", "consequence", "other"]


def test_outputs_without_numbers_are_compared_with_nothing():
    from lib.contract.difference import first_difference
    from lib.contract.failure import BrokenError

    outputs = np.zeros((2, 5, 1))
    outputs[1, 3] = np.inf
    with pytest.raises(BrokenError, match="with 4 steps the output at step 3 is inf"):
        first_difference(np.zeros((2, 5, 1)), outputs)
