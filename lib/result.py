"""What a run is scored on and what it costs: the numbers of its records and result."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.config import Config
from lib.data.character import decode
from lib.program import Program, eval_length, make_hparams
from lib.stats import normalised_score
from lib.train import evaluation_key
from lib.types import Params, Split, Task, Trainer

_SAMPLE_SEED = 31


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
    lengths = _lengths(program, split)
    sums = trainer.evaluate(
        states,
        hparams,
        jnp.asarray(active),
        task.data,
        evaluation_key(split),
        jnp.asarray(lengths, jnp.int32),
        jnp.int32(num_batches),
    )
    sums = jax.device_get(sums)
    at = lambda run, i: jax.tree.map(lambda x: x[run, i], sums)
    return [
        {n: _numbers(task, n, at(run, i)) for i, n in enumerate(lengths)}
        for run in range(len(active))
    ]


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
    tokens = ending.step * config.train.batch_size * program.task.max_length
    result = {
        "state": "done" if ending.sound else "diverged",
        "step": ending.step,
        "stopped": stopped if ending.sound else "diverged",
        "metrics": {"test": {str(n): dict(v) for n, v in test.items()}},
        "task": describe_task(program),
        "cost": {**program.cost(), "tokens": tokens},
        "measured": dict(ending.measured),
    }
    if ending.sound:
        result |= describe_text(program, hparams, params)
    return result


def describe_task(program: Program) -> dict[str, Any]:
    """Floor, optimum and window oracle at the tested lengths."""
    task, lengths = program.test, _lengths(program, "test")
    optimum, window = task.optimum, task.window_score
    windows = [2**i for i in range(21)]
    return {
        "name": program.config.task["name"],
        "score_metric": task.score_metric,
        "floor": {str(n): task.floor(n) for n in lengths},
        "optimum": optimum and {str(n): optimum(n) for n in lengths},
        "window_score": window
        and {str(n): {str(k): window(n, k) for k in windows} for n in lengths},
    }


def describe_text(
    program: Program, hparams: Mapping[str, Any], params: Params
) -> dict[str, Any]:
    """A text model's loss by context, and what it writes; nothing for other tasks."""
    evaluation, found = program.config.evaluation, {}
    if evaluation.contexts:
        data = program.validation.data
        found["context"] = {
            str(k): float(program.context_loss(hparams, params, data, jnp.int32(k)))
            for k in evaluation.contexts
        }
    if evaluation.sample_length and program.task.symbols:
        found["sample"] = _sample(program, hparams, params)
    return found


def _lengths(program: Program, split: Split) -> list[int]:
    """The lengths a split is scored at; validation keeps to the training length."""
    config = program.config
    if config.evaluation.window:
        return [eval_length(config)]
    trained = config.task["length"]
    others = config.evaluation.lengths if split == "test" else ()
    return sorted({trained, *others})


def _numbers(task: Task, length: int, sums: Mapping[str, Any]) -> dict[str, float]:
    metrics = {"loss": task.loss, **task.metrics}
    numbers = {name: metrics[name].finalize(sums[name]) for name in metrics}
    numbers["num_targets"] = int(np.asarray(jax.tree.leaves(sums["loss"])[-1]))
    if task.optimum is not None:
        numbers["score"] = normalised_score(
            numbers[task.score_metric], task.floor(length), task.optimum(length)
        )
    return numbers


def _sample(program: Program, hparams: Mapping[str, Any], params: Params) -> str:
    """Text written after a line break, at a fixed temperature and key."""
    symbols = program.task.symbols
    start = symbols.index("\n") if "\n" in symbols else 0
    prompt = jnp.full((1, 1), start, jnp.int32)
    key = jax.random.key(_SAMPLE_SEED)
    tokens = program.write(hparams, params, prompt, key)
    return decode(np.asarray(tokens[0]), symbols)
