"""The contract of models and tasks of the user's own: each property, broken once."""

import re
from pathlib import Path

import pytest

from lib.contract.model import FLOATS, TOKENS, check_model, model_failures
from lib.contract.task import check_task, task_failures
from lib.registry import ABILITIES, MODELS, TASKS
from tests.own import broken_models, broken_tasks

MODEL_FLAWS = [
    ("returns_a_class", "is no model: the factory returns function"),
    (
        "wrong_shape",
        r"another shape: with 1 step, inputs \[2, 1, 3\], .* float32\[2, 4\]",
    ),
    ("not_finite", "not finite: with 6 steps the output at step 5 is nan"),
    ("sometimes_not_finite", r"outputs are not finite: with \d+ steps? the .* is nan"),
    ("overflows", "outputs are not finite: with 31 steps .* 30 is inf"),
    ("gradient_not_finite", r"gradients are not finite: .* params\['\w'\] is"),
    ("looks_ahead", "looks ahead: with 2 steps the output at step 0 .* at step 1"),
    ("looks_two_ahead", "looks ahead: with 3 steps the output at step 0 .* at step 1"),
    ("looks_ahead_in_chunks", "looks ahead: with 70 steps the output at step 0"),
    ("looks_ahead_far", "looks ahead: with 256 steps the output at step 0 changes"),
    ("looks_ahead_without_gradient", "looks ahead: with 70 steps the output at step 0"),
    ("counts_padding", "padding changes .*: with zeros from step 1 on .* at step 0"),
    ("sees_too_far", "further than its receptive field: .* step 3 .* step 0 .*last 3"),
    ("mixes_examples", "examples mix: in a batch of 2 with 1 step the .* example 0"),
    ("step_drifts", "steps are not the whole sequence: with 4 steps .* at step 3"),
    ("chunks_start_anew", "not the whole sequence: with 70 steps .* at step 32 is"),
    ("no_step", "has no step form: step raises NotImplementedError: no step form"),
    ("step_is_missing", r"has no step form: step is None; allowed: .* \(carry, y \["),
    ("forgets_its_carry", "the carry does not go on: .* at step 4 differs"),
    ("carry_grows", r"carry changes .*gives float32\[2, 4\].*float32\[2, 8\]"),
    ("ignores_resets", "resets do not isolate: .* example 0 at step 4"),
    ("impure", "jit changes it: the output at step 0"),
    ("branches_on_a_tracer", r"broken_models.py, line \d+: TracerBoolConversionError"),
]
TASK_FLAWS = [
    ("floor_too_low", "floor is wrong: at length 9 .* 0.6.* floor says 0.25"),
    ("floor_too_high", "floor is wrong: at length 9 .* 0.2.* floor says 0.5"),
    ("floor_a_fifth_low", r"at length 9 .* accuracy 0\.12.* floor says 0\.1;"),
    ("floor_a_sixth_high", r"at length 9 .* accuracy 0\.12.* floor says 0\.145;"),
    ("floor_of_many_zero", r"at length 9 .* accuracy 0\.01.* floor says 0;"),
    ("floor_of_many_double", r"at length 9 .* accuracy 0\.01.* floor says 0\.03125"),
    ("floor_wrong_when_long", r"floor is wrong: at length 64 .* 0\.2.* says 0\.5"),
    ("floor_missing", r"has no floor: floor is None; allowed: floor\(length\): the"),
    ("optimum_a_number", "optimum is no function: optimum is 1.0; allowed: a function"),
    ("optimum_wrong_when_long", "optimum is wrong: at length 64 .* reach accuracy 1"),
    ("window_twice_too_wide", r"not enough: window_score\(9, 9\) is 0, .* 9 steps"),
    ("window_of_two_is_enough", r"too low: at length 9 .* last 2 .*\(9, 2\) is 0;"),
    ("optimum_wrong", "optimum is wrong: at length 9 .* 1, optimum says 2"),
    ("window_falls", r"wider window scores less: window_score\(9, 3\) is 0"),
    ("window_above_one", r"no score: window_score\(9, 10\) is 1.111"),
    ("window_never_whole", "all of the inputs are not enough"),
    ("padding_shows", "depends on its padding: inputs of example . with length 9"),
    ("unscored_target", "not scored is told: .* example 0 has target 1 at step 0"),
    ("beyond_the_length", "beyond the length: with length 9 of 24 .* 1 at step 9"),
    ("nothing_scored", "nothing is scored: with length 9 example 1"),
    ("wrong_type", r"targets are not .* float32\[4096, 24\]; allowed: "),
    ("out_of_range", "inputs are not those of the interface: holds 3; allowed: 0 to 2"),
    ("repeats", "examples repeat: .* example 0 of key 0 and example 0 of key 1"),
    ("impure", "jit changes it: inputs of 4 examples"),
    ("unknown_metric", "metric is unknown: score_metric 'exactness'; .*accuracy"),
    ("sums_do_not_add", "sums do not add: metric accuracy"),
    ("bits_negative", r"no number of bits: information\(9\) is -2"),
    ("fails", "has no sample: sample is None"),
]


def test_every_broken_model_and_task_has_its_line():
    for module, flaws in ((broken_models, MODEL_FLAWS), (broken_tasks, TASK_FLAWS)):
        own = {
            n
            for n, f in vars(module).items()
            if getattr(f, "__module__", "") == module.__name__
            and not n.startswith(("sound", "change"))
        }
        assert own == {name for name, _ in flaws}


@pytest.mark.parametrize(("name", "said"), MODEL_FLAWS)
def test_a_broken_model_is_named_with_its_smallest_example(name, said):
    factory = getattr(broken_models, name)
    found = model_failures(factory, FLOATS, {}, Path(broken_models.__file__))
    _assert_said(said, found)


def test_a_token_model_that_looks_ahead_is_named():
    found = model_failures(broken_models.looks_two_ahead, TOKENS, {})
    assert "with 3 steps the output at step 0" in str(next(found))


@pytest.mark.parametrize(("name", "said"), TASK_FLAWS)
def test_a_broken_task_is_named_with_its_smallest_example(name, said):
    _assert_said(said, task_failures(getattr(broken_tasks, name), {}))


def test_a_sound_model_passes():
    assert check_model(broken_models.sound, FLOATS, {}) == []


def test_a_sound_task_passes():
    assert check_task(broken_tasks.sound, {"num_symbols": 3}) == []


@pytest.mark.parametrize("name", ["rnn"])
def test_registered_models_pass(name):
    assert check_model(MODELS[name], FLOATS, {"hidden_size": 6}) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "adding" else pytest.mark.slow)
        for tasks in ABILITIES.values()
        for name in tasks
    ],
)
def test_registered_tasks_pass(name):
    assert check_task(TASKS[name], {}) == []


def test_a_floor_that_is_right_passes_with_many_classes():
    assert check_task(broken_tasks.sound, {"num_symbols": 64}, None, ()) == []


def test_a_floor_is_checked_at_the_lengths_that_are_named():
    wrong = broken_tasks.floor_wrong_when_long
    assert check_task(wrong, {}, None, ()) == []
    (failure,) = check_task(wrong, {}, None, (48,))
    assert failure.example.startswith("at length 48 ")


def _assert_said(said, failures):
    """Some failure says it; what comes after it need not be computed."""
    seen = []
    for failure in failures:
        seen.append(str(failure))
        if re.search(said, seen[-1]):
            return
    raise AssertionError("\n".join(seen) or "nothing is broken")
