"""A config made into functions: its tasks, its model, its trainer, its hparams."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
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
from lib.curriculum import validated_lengths
from lib.error import UserError
from lib.fit import batch_shape, check_ends, check_pair
from lib.gradient import check_recurrent
from lib.optimizer import make_optimizer
from lib.registry import MODELS, TASKS, check_fit
from lib.shard import num_shards
from lib.store import RunRecord, digest
from lib.train import Hparams, make_trainer, predict
from lib.types import Model, Split, System, Task, Trainer

# Systems whose answers in words are shown: evaluation.num_answers of them.
ANSWERING: tuple[System, ...] = ("questions", "captions", "picture_questions")


class Program(NamedTuple):
    """Everything the runs of a group share."""

    key: str  # names the static settings; runs with equal keys share this
    task: Task
    validation: Task
    test: Task
    make_model: Callable[[Hparams], Model]
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


def check_program(config: Config, known: dict[str, Any] | None = None) -> None:
    """Raise UserError where task, model and optimizer do not fit; shapes alone.

    Tracing takes most of the time: checks that are given the same `known`, at first
    empty, share the shapes of the batches and parameters that are the same for them.
    """
    known = {} if known is None else known
    try:
        _check_shards(config)
        program = make_program(config)
        check_ends(config, program.task.interface)
        _check_evaluation(program)
        batch = _batch_shape(program, known)
        model = program.make_model(make_hparams(config))
        check_pair(config, program.task, model, batch)
        _check_curriculum(program)
        if config.train.stop_score and program.task.optimum is None:
            raise ValueError(
                f"{config.task['name']}: train.stop_score needs a task with a score; "
                "this one's optimum is unknown"
            )
        hparams = {key: jnp.float32(v) for key, v in make_hparams(config).items()}
        params = _params_shape(program, hparams, batch, known)
        jax.eval_shape(functools.partial(_forward, program), hparams, params, batch)
    except UserError:
        raise
    except (ValueError, TypeError) as error:
        raise UserError(str(error)) from error


def _check_shards(config: Config) -> None:
    """Raise ValueError where a batch cannot be shared out equally among the threads."""
    if config.train.batch_size % num_shards():
        raise ValueError(
            f"train.batch_size must be a multiple of the number of threads, "
            f"{num_shards()}, got {config.train.batch_size}"
        )


def _check_evaluation(program: Program) -> None:
    """Raise ValueError for what would only fail once a run has been trained."""
    config, name = program.config, program.config.task["name"]
    evaluation, is_text = config.evaluation, program.task.system == "language"
    if evaluation.lengths and program.task.interface.image:
        raise ValueError(
            f"{name}: evaluation.lengths needs a task of sequences; pictures of "
            "another side, and questions of another length, are another task.length"
        )
    if evaluation.lengths and (is_text or evaluation.window):
        raise ValueError(
            f"{name}: evaluation.lengths needs a task with examples of a length and no "
            "evaluation.window; for running text there is evaluation.contexts"
        )
    if evaluation.chunk:
        causal = program.make_model(make_hparams(config)).causal
        if not causal or program.task.interface.image or evaluation.state == "carried":
            raise ValueError(
                f"{name}: evaluation.chunk needs sequences that are read from their "
                "start, and a model that reads forward only"
            )
    in_words = program.task.system == "questions" or (
        program.task.facts.get("answer") == "words"
    )
    if in_words and not program.make_model(make_hparams(config)).causal:
        raise ValueError(
            f"{name}: an answer's words are fed back as they become known, which needs "
            "a model that reads forward only"
        )
    if evaluation.num_scenes and program.task.system != "location":
        raise ValueError(f"{name}: evaluation.num_scenes needs a task of places")
    if evaluation.num_answers and program.task.system not in ANSWERING:
        raise ValueError(
            f"{name}: evaluation.num_answers needs a task of questions or captions"
        )
    pictures = program.task.system == "images" and program.task.interface.image
    if (evaluation.shifts or evaluation.rotations) and not pictures:
        raise ValueError(
            f"{name}: evaluation.shifts and evaluation.rotations need a task of "
            "classes of pictures"
        )
    if config.model.get("kernels") == "random" and config.optimizer["name"] == "adamw":
        raise ValueError(
            f"{config.model['name']}: kernels 'random' stay as they are drawn, which a "
            "weight decay would not leave them: choose another optimizer than adamw"
        )
    for section in (config.train, config.evaluation):
        if section.state == "carried":
            _check_carried(program)
    if evaluation.gradient_lags:
        model = program.make_model(make_hparams(config))
        check_recurrent(f"{config.model['name']}: evaluation.gradient_lags", model)
    asked = {
        "contexts": max(evaluation.contexts, default=0),
        "free_running": 2 * evaluation.free_running - 1,
        "passage": evaluation.passage,
    }
    for setting, size in asked.items():
        if size > 0:
            if not is_text:
                raise ValueError(f"{name}: evaluation.{setting} needs a text task")
            make_task(config, "validation", evaluation.num_contexts, size)
    for length in evaluation.lengths:
        task = make_task(config, "test", max_length=length)
        if task.window_score is not None:
            task.window_score(length, 1)


def _check_curriculum(program: Program) -> None:
    """Raise ValueError where batches of the lengths asked for cannot be drawn."""
    config, task = program.config, program.task
    train, name = config.train, config.task["name"]
    if train.curriculum == "none":
        if train.min_length > 1 or train.growth_steps:
            raise ValueError(
                "train.min_length and train.growth_steps need a train.curriculum, "
                "which is 'none'"
            )
        return
    lengths = training_lengths(config)
    if lengths.shortest > lengths.longest:
        raise ValueError(
            f"train.min_length must be at most task.length {lengths.longest}, got "
            f"{lengths.shortest}"
        )
    if train.growth_steps and train.curriculum != "linear":
        raise ValueError(
            "train.growth_steps needs train.curriculum 'linear', got "
            f"{train.curriculum!r}"
        )
    one_size = (
        task.interface.image or task.stream_at or task.max_length != (lengths.longest)
    )
    if one_size or train.state == "carried":
        raise ValueError(
            f"{name}: train.curriculum needs a task whose examples have a length, not "
            "a picture, a series or a running text"
        )
    _check_shortest(config)


def _check_shortest(config: Config) -> None:
    """Raise ValueError where the task has no such examples, or nothing to learn."""
    name = config.task["name"]
    for length in validated_lengths(training_lengths(config)):
        try:
            task = make_task(config, "train", max_length=length)
            floor = task.floor(length)
        except ValueError as error:
            raise ValueError(
                f"train.min_length {config.train.min_length}: {error}"
            ) from error
        if task.optimum is not None and floor == task.optimum(length):
            raise ValueError(
                f"{name}: nothing can be learnt at length {length}: choose another "
                "train.min_length"
            )


def _check_carried(program: Program) -> None:
    """Raise ValueError where no state can go on from one batch to the next."""
    config = program.config
    if program.task.stream_at is None or program.validation.stream_at is None:
        raise ValueError(
            f"{config.task['name']}: train.state and evaluation.state 'carried' need a "
            "task with one long stream, as a text"
        )
    if not program.make_model(make_hparams(config)).causal:
        raise ValueError(
            f"{config.model['name']}: train.state and evaluation.state 'carried' need "
            "a model that reads forward only"
        )


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
    tx = functools.partial(_optimizer, config)
    return Program(
        key=digest(settings),
        task=task,
        validation=validation,
        test=make_task(config, "test"),
        make_model=make_model,
        trainer=make_trainer(
            task,
            validation,
            make_model,
            tx,
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


def _batch_shape(program: Program, known: dict[str, Any]) -> Any:
    config = program.config
    key = json.dumps(["batch", dict(config.task), config.train.batch_size])
    if key not in known:
        known[key] = batch_shape(program.task)
    return known[key]


def _params_shape(
    program: Program, hparams: Hparams, batch: Any, known: dict[str, Any]
) -> Any:
    """The shapes of the parameters that a model begins with on such inputs."""
    interface, model = program.task.interface, dict(program.config.model)
    key = repr(("params", json.dumps(model), interface, batch.inputs))
    if key not in known:
        init = lambda h, inputs: program.make_model(h).init(jax.random.key(0), inputs)
        known[key] = jax.eval_shape(init, hparams, batch.inputs)
    return known[key]


def _forward(program: Program, hparams: Hparams, params: Any, batch: Any) -> Any:
    """The training loss of fresh parameters: what `eval_shape` checks."""
    model = program.make_model(hparams)
    outputs = predict(model, params, batch.inputs, None)
    make_optimizer_state = functools.partial(_optimizer, program.config)(hparams).init
    return program.task.loss.accumulate(outputs, batch), make_optimizer_state(params)
