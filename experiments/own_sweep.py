"""The user's models and tasks in an experiment: more values of its axes, or its own."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from experiments.experiment import Experiment
from experiments.own import Given, Own
from experiments.own_task import as_given, place_tasks
from lib.sweep import Axis, compare

_LONGEST_NAME = 64  # characters of a sweep's name


def join(experiment: Experiment, own: Own, name: str = "") -> Experiment:
    """The experiment with the user's models on its model axes, on the user's tasks.

    A model is one more value of every axis that compares models, all else equal. For a
    task see own_task.py, whose `solve_widths` is to follow once the task is checked.
    """
    if not own:
        return experiment
    named = experiment._replace(name=name or _name(experiment, own))
    joined = place_tasks(named, own.tasks) if own.tasks else named
    if not own.models:
        return joined
    parts = {
        part: (base, _with_models(base, axes, own.models))
        for part, (base, axes) in joined.parts.items()
    }
    return joined._replace(parts=parts)


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
    longer = axis._replace(points=(*axis.points, *added))
    return longer._replace(note=as_given(axis.note, [label for label, _ in added]))
