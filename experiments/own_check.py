"""The user's models and tasks of an experiment, held against the contract."""

import json
from collections.abc import Iterator, Mapping
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
    for use in find_tasks(experiment, own):
        _check_task(use)
    # After the tasks: a model's inputs come from a task, which may be the broken one.
    for use in find_models(experiment, own):
        if not use.interface.image:  # the plan says that pictures do not fit
            _check_model(use)


def find_tasks(experiment: Experiment, own: Own) -> list[_Use]:
    """The tasks that are the user's, each with all its lengths."""
    names, found = {given.name for given in own.tasks}, {}
    for config in _configs(experiment):
        if config.task["name"] in names:
            _add(found, config.task, None, _lengths(config))
    return list(found.values())


def find_models(experiment: Experiment, own: Own) -> list[_Use]:
    """The models that are the user's, each with its inputs and all their lengths."""
    from lib.program import make_task

    names, found = {given.name for given in own.models}, {}
    for config in _configs(experiment):
        if config.model["name"] in names:
            interface = make_task(config, "train", 2).interface
            _add(found, config.model, interface, _lengths(config))
    return list(found.values())


def _configs(experiment: Experiment) -> Iterator[Any]:
    """The config of every cell that is sound; of the others the plan says why."""
    from lib.config import check_config

    for part, (base, axes) in experiment.parts.items():
        for cell in expand(part, base, axes):
            config, _ = check_config(cell.config)
            if config is not None:
                yield config


def _lengths(config: Any) -> set[int]:
    return {config.task["length"], *config.evaluation.lengths}


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
