"""The user's models and tasks in an experiment: more values of its axes, or its own."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from experiments.experiment import Experiment
from experiments.own import Given, Own
from lib.sweep import Axis, compare

_LONGEST_NAME = 64  # characters of a sweep's name

Parts = dict[str, tuple[dict[str, Any], Sequence[Axis]]]


def join(experiment: Experiment, own: Own, name: str = "") -> Experiment:
    """The experiment with the user's models on its model axes, on the user's tasks.

    A model is one more value of every axis that compares models, all else equal. A task
    takes the place of the config's in the parts that compare lengths, or in all of them
    where none does; the other parts are left out.
    """
    if not own:
        return experiment
    parts = experiment.parts
    if own.tasks:
        parts = _with_tasks(parts, own.tasks)
    if own.models:
        parts = {
            part: (base, _with_models(base, axes, own.models))
            for part, (base, axes) in parts.items()
        }
    return experiment._replace(
        name=name or _name(experiment, own),
        parts=parts,
        expected=[] if own.tasks else experiment.expected,
    )


def replace_in(single: Experiment, own: Own) -> Experiment:
    """An experiment of one run with the user's model and task in place of its own."""
    parts = {}
    for part, (base, axes) in single.parts.items():
        config = dict(base)
        for given in own.models:
            config["model"] = {**base["model"], **given.section}
        for given in own.tasks:
            length = {"length": base["task"]["length"]}
            config["task"] = {**length, **given.section}
        parts[part] = config, axes
    if not own:
        return single
    return single._replace(name=_name(single, own), parts=parts, expected=[])


def _name(experiment: Experiment, own: Own) -> str:
    """A name of its own, or the sweep would take the place of the config's."""
    labels = "-".join(given.label for given in (*own.models, *own.tasks))
    whole = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{experiment.name}-{labels}")
    if len(whole) <= _LONGEST_NAME:
        return whole
    # What is cut off still tells two names apart.
    tail = "-" + hashlib.sha256(whole.encode()).hexdigest()[:8]
    return whole[: _LONGEST_NAME - len(tail)] + tail


def _with_models(
    base: dict[str, Any], axes: Sequence[Axis], models: Sequence[Given]
) -> tuple[Axis, ...]:
    compares = lambda axis: (
        axis.role == "compare"
        and all("model" in overrides for _, overrides in axis.points)
    )
    if not any(map(compares, axes)):
        only = base["model"]["name"]
        axes = (compare("model", {str(only): {}}), *axes)
    return tuple(_longer(a, models) if compares(a) else a for a in axes)


def _longer(axis: Axis, models: Sequence[Given]) -> Axis:
    labels = {label for label, _ in axis.points}
    added = tuple(
        (given.name if given.label in labels else given.label, {"model": given.section})
        for given in models
    )
    # A note that the widths are matched does not hold for what is added.
    names = " and ".join(label for label, _ in added)
    note = axis.note and f"{axis.note}; {names}: as given"
    return axis._replace(points=(*axis.points, *added), note=note)


def _with_tasks(parts: Parts, tasks: Sequence[Given]) -> Parts:
    by_length = {p: v for p, v in parts.items() if any(map(_is_length, v[1]))} or parts
    found = {}
    for given in tasks:
        for part, (base, axes) in by_length.items():
            task = {**given.section, "length": base["task"]["length"]}
            # Other settings of the config's task are none of this one's.
            kept = tuple(a for a in axes if _is_length(a) or not _is_of_task(a))
            label = given.label if len(by_length) == 1 else f"{given.label}, {part}"
            found[label] = ({**base, "task": task}, kept)
    return found


def _is_length(axis: Axis) -> bool:
    return all(set(overrides) == {"task.length"} for _, overrides in axis.points)


def _is_of_task(axis: Axis) -> bool:
    keys = {key for _, overrides in axis.points for key in overrides}
    return any(key.split(".")[0] == "task" for key in keys)
