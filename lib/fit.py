"""Whether a model and a task make sense together, before anything is trained.

A task is asked what it needs, a model what it can do (`lib.capability`); a pair that
would train, and measure something else than it says, is refused with the reason.
"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp

from lib.capability import has_constant_state, has_resets, has_step
from lib.config import Config
from lib.types import Batch, Interface, Model, Task


def check_ends(config: Config, interface: Interface) -> None:
    """Raise ValueError where a model that reads both ways could not tell the end."""
    if config.model.get("direction") == "both" and not interface.padding:
        raise ValueError(
            f"{_names(config)}: model.direction 'both' needs a task of padded tokens, "
            f"as text classification; {config.task['name']} does not mark where a "
            "sequence ends"
        )


def check_pair(config: Config, task: Task, model: Model, batch: Batch) -> None:
    """Raise ValueError where the model cannot do what the task or the config asks.

    `batch` is one of the task's, or the shapes of one.

    A model that is not causal has one answer for a whole sequence, and has seen the
    inputs that follow a position, and so perhaps its answer.
    """
    if task.interface.image:
        return
    problem = next(_unfit(task, model, batch), None) or next(
        _unread(config, task, model), None
    )
    if problem:
        raise ValueError(f"{_names(config)}: {problem}")


def batch_shape(task: Task) -> Batch:
    """The shapes of a batch of the longest examples; nothing is drawn."""
    key, length = jax.random.key(0), jnp.int32(task.max_length)
    return jax.eval_shape(task.sample, key, task.data, length)


def num_scored(task: Task) -> int:
    """The most positions that are scored in one of a batch of the longest examples."""
    key, length = jax.random.key(0), jnp.int32(task.max_length)
    mask = jax.jit(task.sample)(key, task.data, length).mask
    return int(jnp.max(jnp.sum(mask > 0, axis=1)))


def _unfit(task: Task, model: Model, batch: Batch) -> Iterator[str]:
    """What the model lacks for the task, whatever it is evaluated on."""
    forward = "the model looks ahead: use one that reads forward only"
    if model.causal:
        if batch.reset is not None and not has_resets(model, task.interface):
            yield (
                "the task's sequences begin anew where a reset says so, and the model "
                "does not read resets"
            )
    elif task.stream_at is not None:
        yield f"each target of the task is the next input, which is read too: {forward}"
    elif not task.interface.padding:
        yield f"the task does not mark where a sequence ends, and {forward}"
    elif (scored := num_scored(task)) > 1:
        yield (
            f"the task asks at {scored} positions of a sequence, and a model that "
            "looks ahead has one answer for all: use one that reads forward only"
        )


def _unread(config: Config, task: Task, model: Model) -> Iterator[str]:
    """What the model lacks for what the config wants read one input at a time."""
    evaluation, interface = config.evaluation, task.interface
    needs = {
        "train.state 'carried'": config.train.state == "carried",
        "evaluation.state 'carried'": evaluation.state == "carried",
        "evaluation.contexts": bool(evaluation.contexts),
        "evaluation.sample_length": bool(evaluation.sample_length),
        "evaluation.free_running": bool(evaluation.free_running),
        "evaluation.gradient_lags": bool(evaluation.gradient_lags),
        "an answer in words": task.system == "questions",
    }
    asked = [name for name, is_asked in needs.items() if is_asked]
    if asked and not model.causal:
        yield f"{asked[0]} needs a model that reads forward only"
    elif asked and not has_constant_state(model, interface):
        yield f"{asked[0]} needs a model whose state keeps its size"
    elif asked and not has_step(model, interface):
        yield f"{asked[0]} needs a model that reads one input at a time (a step form)"


def _names(config: Config) -> str:
    return f"{config.model['name']} on {config.task['name']}"
