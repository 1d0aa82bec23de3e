"""Whether a config can be trained and evaluated, by its settings and shapes alone."""

import functools
import json
from typing import Any

import jax
import jax.numpy as jnp

from lib.config import Config, training_lengths
from lib.curriculum import validated_lengths
from lib.error import UserError
from lib.fit import batch_shape, check_ends, check_pair
from lib.gradient import check_recurrent
from lib.program import Program, make_hparams, make_program, make_task
from lib.shard import num_shards
from lib.train import Hparams, predict
from lib.types import System

# Systems whose answers in words are shown: evaluation.num_answers of them.
ANSWERING: tuple[System, ...] = ("questions", "captions", "picture_questions")


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
        task.interface.image or task.stream_at or task.max_length != lengths.longest
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
    loss = program.task.loss.accumulate(outputs, batch)
    return loss, program.make_tx(hparams).init(params)
