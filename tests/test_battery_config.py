"""The full size of the battery: which models, over which axes. Nothing is planned."""

import re

import jax
import jax.numpy as jnp
import pytest

from configs import battery
from lib.registry import ABILITIES, FAMILIES, TASKS
from lib.setting import check_settings, settings_of
from lib.sweep import compare, expand
from lib.types import Interface

MODELS = {
    name: make for f in FAMILIES if f != "text" for name, make in FAMILIES[f].items()
}
TASK_NAMES = [name for tasks in ABILITIES.values() for name in tasks]


@pytest.fixture(autouse=True)
def unmatched(monkeypatch):
    """Widths as they are: to solve them takes a part half a minute."""
    monkeypatch.setattr(
        battery, "match", lambda kind, best, models, *_, **__: compare("model", models)
    )


def axis_of(sweep, part, name):
    return next(a for a in sweep[part] if a.name == name)


def full_models():
    """Every setting of every model, by label."""
    axis = axis_of(battery.get_sweep("full-mqar"), "binding: mqar", "model")
    found = {}
    for label, given in axis.points:
        settings = {"hidden_size": 8, **given["model"]}
        name = settings.pop("name")
        filled, problems = check_settings("model", settings_of(MODELS[name]), settings)
        assert problems == []
        found[label] = {"name": name, **filled}
    return found


def test_every_model_is_there_once_with_two_layers():
    models = full_models()
    assert {settings["name"] for settings in models.values()} == set(MODELS)
    different = {tuple(sorted(map(str, s.items()))) for s in models.values()}
    assert len(different) == len(models)
    layers = {label: settings["num_layers"] for label, settings in models.items()}
    assert layers.pop("tcn") > 2  # as many as it takes to see all
    assert set(layers.values()) == {2}


def test_a_model_sees_the_longest_input_or_its_label_says_how_far():
    longest = 0
    for name in TASK_NAMES:
        task = TASKS[name]("train", 1, max(battery.LENGTHS))
        drawn = jax.eval_shape(
            lambda key, task=task: task.sample(key, task.data, jnp.int32(9)),
            jax.random.key(0),
        )
        longest = max(longest, drawn.inputs.shape[1])
    for label, settings in full_models().items():
        make = MODELS[settings["name"]]
        given = {k: v for k, v in settings.items() if k != "name"}
        field = make(Interface(0, 2, 2), **given).receptive_field
        said = re.search(r"sees (\d+)$", label)
        if said:
            assert field == int(said[1])
        else:
            assert field is None or field >= longest, label
    assert full_models()["stack rnn, holds 256"]["stack_size"] == 256


def test_names_make_the_five_abilities_and_every_task_is_asked_by_length():
    parts, sweep = battery.get_config("full").to_dict(), battery.get_sweep("full")
    abilities = {name.rpartition(": ")[0] for name in parts}
    assert abilities == {
        "distance",
        "load",
        "binding",
        "state tracking",
        "hierarchy",
    }
    by_length = [
        part["task"]["name"]
        for name, part in parts.items()
        if not name.startswith("load: ")
    ]
    assert sorted(by_length) == sorted(TASK_NAMES)
    for name in parts:
        axes = [a.name for a in sweep[name] if a.role == "compare"]
        assert ("length" in axes) == (not name.startswith("load: "))
    assert "distance: copy memory" in parts and "load: copy memory by copied" in parts


def test_along_the_load_nothing_else_changes():
    parts, sweep = battery.get_config("full").to_dict(), battery.get_sweep("full")
    loads = [name for name in parts if name.startswith("load: ")]
    assert {"load: mqar by pairs", "load: selective copy by tokens"} <= set(loads)
    for name in loads:
        setting, values = next(
            (next(iter(a.points[0][1])).removeprefix("task."), [v for v, _ in a.points])
            for a in sweep[name]
            if a.role == "compare" and a.name != "model"
        )
        assert len(values) >= 4 and values == sorted(set(values))
        given = dict(parts[name]["task"])
        make, length = TASKS[given.pop("name")], given.pop("length")
        tasks = [make("train", 1, length, **{**given, setting: v}) for v in values]
        assert len({task.interface for task in tasks}) == 1, name
        assert length == battery.LOAD_LENGTH


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        ("full-mqar", ["binding: mqar", "load: mqar by pairs"]),
        ("full-recall", ["distance: recall"]),
    ],
)
def test_a_task_has_its_parts_alone(size, parts):
    config, sweep = battery.get_config(size).to_dict(), battery.get_sweep(size)
    assert sorted(config) == parts == list(sweep)


def test_the_full_size_expands():
    config, sweep = battery.get_config("full").to_dict(), battery.get_sweep("full")
    models = len(full_models())
    for part, base in config.items():
        cells = expand(part, base, sweep[part])
        places = next(
            len(a.points)
            for a in sweep[part]
            if a.role == "compare" and a.name != "model"
        )
        assert len(cells) == models * places
        assert {cell.seeds for cell in cells} == {tuple(range(10))}
        tried = {
            c.labels["model"]: len({p for p, _ in c.tune_configs()}) for c in cells
        }
        assert {label for label, n in tried.items() if n > 4} == set(battery.CHRONO)
