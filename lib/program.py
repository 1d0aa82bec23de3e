"""A config made into functions: its tasks, its model, its trainer, its hparams."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import optax

from lib import own
from lib.config import (
    Config,
    make_config,
    run_id,
    static_settings,
    traced_settings,
    training_lengths,
)
from lib.cost import model_cost
from lib.error import UserError
from lib.optimizer import make_optimizer
from lib.registry import MODELS, TASKS, check_fit
from lib.store import RunRecord, digest
from lib.train import Hparams, make_trainer
from lib.types import Model, Split, Task, Trainer


class Program(NamedTuple):
    """Everything the runs of a group share."""

    key: str  # names the static settings; runs with equal keys share this
    task: Task
    validation: Task
    test: Task
    make_model: Callable[[Hparams], Model]
    make_tx: Callable[[Hparams], optax.GradientTransformation]
    trainer: Trainer
    cost: Callable[[], dict[str, Any]]  # of the model, for one token
    config: Config  # the static settings; traced ones and the seed by default


def make_program(config: Config) -> Program:
    """The program of a config. Configs that differ in traced settings get the same."""
    settings = {**static_settings(config), **own.hashes(config)}
    return _make_program(json.dumps(settings, sort_keys=True))


def make_hparams(config: Config) -> dict[str, np.float32]:
    """The traced settings of a run as the scalars its program takes."""
    return {key: np.float32(v) for key, v in traced_settings(config).items()}


def make_task(
    config: Config, split: Split, batch_size: int = 0, max_length: int = 0
) -> Task:
    """The task of a config on one split, in the sizes that the config gives it."""
    settings = {k: v for k, v in config.task.items() if k not in ("name", "length")}
    training = split == "train"
    sizes = config.train if training else config.evaluation
    length = config.task["length"] if training else eval_length(config)
    factory = TASKS[config.task["name"]]
    return factory(
        split, batch_size or sizes.batch_size, max_length or length, **settings
    )


def eval_length(config: Config) -> int:
    """The longest sequence a run is evaluated on."""
    if config.evaluation.window:
        return config.evaluation.window
    return max(config.task["length"], *config.evaluation.lengths, 1)


def identify(config: Config) -> str:
    """The run's id: of its config, the versions of task and model, and its data."""
    task = make_task(config, "train")
    return run_id(config, versions_of(config), task.fingerprint)


def versions_of(config: Config) -> dict[str, int | str]:
    """The versions of a config's task and model; a changed meaning is a new version.

    Of files of the user's own, their hashes too.
    """
    program = make_program(config)
    model = program.make_model(make_hparams(config))
    versions = {"task": program.task.version, "model": model.version}
    return {**versions, **own.hashes(config)}


def check_identity(config: Config, record: RunRecord) -> None:
    """Raise UserError where this code would give a stored run's config another id."""
    now = identify(config)
    if now == record.id:
        return
    for key, sha256 in own.hashes(config).items():
        if (then := str(record.versions.get(key))) != sha256:
            name = getattr(config, key.removesuffix("_file"))["name"]
            raise UserError(
                f"run {record.id} was made by another content of {name}: SHA-256 "
                f"{then[:12]} then, {sha256[:12]} now"
            )
    raise UserError(
        f"run {record.id} was made by another version of its task or model, or from "
        f"other data; this code would name it {now}"
    )


@functools.lru_cache(maxsize=64)
def _make_program(static: str) -> Program:
    settings = json.loads(static)
    sections = {k: v for k, v in settings.items() if k not in own.HASHES}
    # Traced settings take their defaults here: nothing built below depends on them.
    config = make_config({**sections, "seed": 0})
    task = make_task(config, "train")
    validation = make_task(config, "validation")
    # Now, because a file of the user's own may be another when the model is made.
    factory = MODELS[config.model["name"]]
    make_model = functools.partial(_model, factory, config, task)
    make_tx = functools.partial(_optimizer, config)
    return Program(
        key=digest(settings),
        task=task,
        validation=validation,
        test=make_task(config, "test"),
        make_model=make_model,
        make_tx=make_tx,
        trainer=make_trainer(
            task,
            validation,
            make_model,
            make_tx,
            config.train.state,
            config.evaluation.state,
            None if config.train.curriculum == "none" else training_lengths(config),
            config.evaluation.chunk,
        ),
        cost=functools.cache(functools.partial(_cost, config, task, make_model)),
        config=config,
    )


def _cost(
    config: Config, task: Task, make_model: Callable[[Hparams], Model]
) -> dict[str, Any]:
    return model_cost(make_model(make_hparams(config)), task.interface)


def _model(
    factory: Callable[..., Model], config: Config, task: Task, hparams: Hparams
) -> Model:
    settings = {**config.model, **_of_section("model", hparams)}
    name = settings.pop("name")
    check_fit(name, task.interface, config.task["name"])
    return factory(task.interface, **settings)


def _optimizer(config: Config, hparams: Hparams) -> optax.GradientTransformation:
    settings = {**config.optimizer, **_of_section("optimizer", hparams)}
    name = settings.pop("name")
    return make_optimizer(name, config.train.num_steps, **settings)


def _of_section(section: str, hparams: Hparams) -> Mapping[str, Any]:
    prefix = section + "."
    return {
        k.removeprefix(prefix): v for k, v in hparams.items() if k.startswith(prefix)
    }
