"""What a run is scored on and what it costs: the numbers of its records and result."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import PyTree

from lib.config import Config, training_lengths
from lib.cost import tokens_per_example
from lib.curriculum import total_length, validated_lengths
from lib.probe import examine
from lib.program import Program, eval_length, make_hparams
from lib.stats import normalised_score
from lib.train import evaluation_key
from lib.types import Params, Split, Task, Trainer


def evaluate_runs(
    program: Program,
    trainer: Trainer,
    states: PyTree,
    hparams: PyTree,
    active: np.ndarray,
    split: Split,
) -> list[dict[int, dict[str, float]]]:
    """A split's numbers for each of R runs, by length: loss, metrics, score."""
    task = program.test if split == "test" else program.validation
    sizes = program.config.evaluation
    asked = sizes.num_test if split == "test" else sizes.num_validation
    num_batches = task.eval_batches or -(-asked // sizes.batch_size)
    if sizes.state == "carried":
        num_batches = task.stream_batches
    lengths = _lengths(program, split)
    sums = trainer.evaluate(
        states,
        hparams,
        active,
        task.data,
        _key(split),
        np.asarray(lengths, np.int32),
        np.int32(num_batches),
    )
    sums = jax.device_get(sums)
    at = lambda run, i: jax.tree.map(lambda x: x[run, i], sums)
    return [
        {n: _numbers(task, n, at(run, i)) for i, n in enumerate(lengths)}
        for run in range(len(active))
    ]


_key = functools.cache(evaluation_key)  # made once, not with every record


def train_row(place: int, sums: Mapping[str, Any]) -> dict[str, Any]:
    """One run's training record: means over the steps since the last one."""
    row: dict[str, Any] = {
        "split": "train",
        "num_steps": int(sums["loss"].count[place]),
    }
    if row["num_steps"]:
        row |= {n: float(m.total[place] / m.count[place]) for n, m in sums.items()}
    return row


def validation_row(length: int, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """One run's validation record at a length."""
    return {"split": "validation", "length": length, **numbers}


class Ending(NamedTuple):
    """How a run ended: its last step, whether all was finite, what was timed."""

    step: int
    sound: bool
    solved: bool  # stopped early, at the stop score
    measured: Mapping[str, Any]


def describe_run(
    program: Program,
    config: Config,
    params: Params,
    test: Mapping[int, Mapping[str, float]],
    ending: Ending,
) -> dict[str, Any]:
    """The content of a run's result file."""
    hparams = make_hparams(config)
    stopped = "solved" if ending.solved else "budget"
    result = {
        "state": "done" if ending.sound else "diverged",
        "step": ending.step,
        "stopped": stopped if ending.sound else "diverged",
        "metrics": {"test": {str(n): dict(v) for n, v in test.items()}},
        "task": describe_task(program),
        "cost": {
            **program.cost(),
            "tokens": _tokens_seen(program, config, ending.step),
        },
        "measured": dict(ending.measured),
    }
    if ending.sound:
        result |= examine(program, hparams, params)
    return result


def describe_task(program: Program) -> dict[str, Any]:
    """Floor, optimum, bits and windows at the tested lengths; facts of the task."""
    task, lengths = program.test, _lengths(program, "test")
    optimum, window, bits = task.optimum, task.window_score, task.information
    windows = [2**i for i in range(21)]
    return {
        "name": program.config.task["name"],
        "system": task.system,
        "facts": dict(task.facts),
        "score_metric": task.score_metric,
        "floor": {str(n): task.floor(n) for n in lengths},
        "optimum": optimum and {str(n): optimum(n) for n in lengths},
        "information": bits and {str(n): bits(n) for n in lengths},
        "window_score": window
        and {str(n): {str(k): window(n, k) for k in windows} for n in lengths},
    }


def _lengths(program: Program, split: Split) -> list[int]:
    """The lengths a split is scored at; validation keeps to those of training."""
    config = program.config
    if config.evaluation.window:
        return [eval_length(config)]
    if split == "test":
        return sorted({config.task["length"], *config.evaluation.lengths})
    return list(validated_lengths(training_lengths(config)))


def _tokens_seen(program: Program, config: Config, num_steps: int) -> int:
    """What a run of so many steps was trained on, padding not counted."""
    if config.train.curriculum == "none":
        steps = num_steps * tokens_per_example(program.task)
    else:
        steps = total_length(training_lengths(config), config.seed, num_steps)
    return steps * config.train.batch_size


def _numbers(task: Task, length: int, sums: Mapping[str, Any]) -> dict[str, float]:
    metrics = {"loss": task.loss, **task.metrics}
    numbers = {name: metrics[name].finalize(sums[name]) for name in metrics}
    numbers["num_targets"] = int(np.asarray(jax.tree.leaves(sums["loss"])[-1]))
    if task.optimum is not None:
        numbers["score"] = normalised_score(
            numbers[task.score_metric], task.floor(length), task.optimum(length)
        )
    return numbers
