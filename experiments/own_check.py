"""The user's models and tasks of an experiment, held against the contract."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from experiments.experiment import Experiment
from experiments.own import Own
from lib.sweep import expand


class _Use(NamedTuple):
    """A model or task in one set of settings, and what an experiment does with it."""

    name: str
    settings: dict[str, Any]
    interface: Any  # a model's; None for a task
    lengths: set[int]


def check_own(experiment: Experiment, own: Own) -> None:
    """Hold every model and task of the user's against the contract of its kind.

    Each in the settings, on the kind of inputs and at the lengths that the experiment
    uses. Raises UserError with a line for each property that is broken.
    """
    if not own:
        return
    tasks, models = find_uses(experiment, own)
    for use in tasks.values():
        _check_task(use)
    for use in models.values():
        if not use.interface.image:  # the plan says that pictures do not fit
            _check_model(use)


def find_uses(
    experiment: Experiment, own: Own
) -> tuple[Mapping[str, _Use], Mapping[str, _Use]]:
    """The tasks and the models that are the user's, each with all its lengths."""
    from lib.config import check_config
    from lib.program import make_task

    names = {given.name for given in (*own.models, *own.tasks)}
    tasks: dict[str, _Use] = {}
    models: dict[str, _Use] = {}
    for part, (base, axes) in experiment.parts.items():
        for cell in expand(part, base, axes):
            config, _ = check_config(cell.config)
            if config is None:
                continue  # the plan says why, of all cells at once
            lengths = {config.task["length"], *config.evaluation.lengths}
            if config.task["name"] in names:
                _add(tasks, config.task, None, lengths)
            if config.model["name"] in names:
                interface = make_task(config, "train", 2).interface
                _add(models, config.model, interface, lengths)
    return tasks, models


def _add(
    uses: dict[str, _Use],
    section: Mapping[str, Any],
    interface: Any,
    lengths: set[int],
) -> None:
    settings = {k: v for k, v in section.items() if k not in ("name", "length")}
    kind = interface and (
        *(bool(interface.vocabulary_size), interface.padding),
        bool(interface.image),
    )
    key = json.dumps([section["name"], settings, kind], sort_keys=True, default=str)
    use = uses.setdefault(key, _Use(section["name"], settings, interface, set()))
    use.lengths.update(lengths)


def _check_model(use: _Use) -> None:
    from lib.contract.failure import raise_for
    from lib.contract.model import check_model
    from lib.own import path_of
    from lib.registry import MODELS

    make, path = MODELS[use.name], path_of("model", use.name)
    found = check_model(make, use.interface, use.settings, path, max(use.lengths))
    raise_for(use.name, found)


def _check_task(use: _Use) -> None:
    from lib.contract.failure import raise_for
    from lib.contract.task import check_task
    from lib.own import path_of
    from lib.registry import TASKS

    make, path = TASKS[use.name], path_of("task", use.name)
    raise_for(use.name, check_task(make, use.settings, path, use.lengths))
