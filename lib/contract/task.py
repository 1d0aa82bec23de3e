"""What a task of sequences must keep to: its batches, and its floor by simulation.

Each check returns the broken property with its smallest example, or None.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from lib.contract import batches, simulation
from lib.contract.batches import NUM_EXAMPLES
from lib.contract.failure import Failure, compile_once, failure_of, find_failures
from lib.types import Batch, Task

LENGTHS = (9, 24)  # checked where the task has them, else the first it has and more
MOST_LENGTH = 2048  # the shortest length of a task is looked for up to here


class Case(NamedTuple):
    """A task on the training split, and examples of it at two lengths."""

    make: Callable[..., Task]  # (split, batch_size, max_length)
    task: Task  # NUM_EXAMPLES a batch
    lengths: tuple[int, int]
    draw: Callable[[int, int], Batch]  # (seed, length)


def check_task(
    factory: Callable[..., Task],
    settings: Mapping[str, Any],
    path: Path | None = None,
) -> list[Failure]:
    """Every property of the contract that a factory's task breaks.

    `path` is the file whose lines are named in errors.
    """
    return list(task_failures(factory, settings, path))


def task_failures(
    factory: Callable[..., Task],
    settings: Mapping[str, Any],
    path: Path | None = None,
) -> Iterator[Failure]:
    """The same, one after another: batches first, then what is simulated."""
    make = functools.partial(factory, **settings)
    try:
        case = _make_case(make)
    except Exception as error:
        yield failure_of(error, "Build it, draw a batch", path)
        return
    if isinstance(case, Failure):
        yield case
        return
    found = list(find_failures(BATCHES, case, path))
    yield from found
    if not found:
        yield from find_failures(SCORES, case, path)


def _make_case(make: Callable[..., Task]) -> Case | Failure:
    shortest = next((n for n in range(1, MOST_LENGTH) if _allows(make, n)), 0)
    if not shortest:
        make("train", 2, MOST_LENGTH)  # says itself why
    low, high = (max(length, shortest) for length in LENGTHS)
    lengths = low, max(high, low + 8)
    task = make("train", NUM_EXAMPLES, lengths[1])
    if not isinstance(task, Task):
        got = type(task).__name__
        return Failure("is no task", f"the factory returns {got}", "a lib.types.Task")
    if task.interface.image:
        return Failure("is a task of pictures", "interface.image is set", "sequences")
    for split in ("validation", "test"):
        make(split, 2, lengths[1])
    sample = compile_once(
        lambda seed, n: task.sample(jax.random.key(seed), task.data, n)
    )

    @functools.cache
    def draw(seed: int, length: int) -> Batch:
        batch = sample(np.uint32(seed), np.int32(length))
        return jax.tree.map(np.asarray, batch)

    return Case(make, task, lengths, draw)


def _allows(make: Callable[..., Task], length: int) -> bool:
    try:
        make("train", 2, length)
    except ValueError:
        return False
    return True


def _named(case: Case) -> Failure | None:
    """A metric that floor and optimum are values of."""
    task, length = case.task, case.lengths[0]
    if task.score_metric not in task.metrics:
        known = ", ".join(task.metrics)
        return Failure(
            "the scored metric is unknown", f"score_metric {task.score_metric!r}", known
        )
    floor = task.floor(length)
    best = task.optimum(length) if task.optimum is not None else None
    if not math.isfinite(floor) or (best is not None and not math.isfinite(best)):
        said = f"floor({length}) is {floor}, optimum({length}) is {best}"
        return Failure("floor or optimum are not finite", said, "finite numbers")
    if best is not None and best == floor:
        said = f"floor({length}) and optimum({length}) are both {best}"
        return Failure("there is nothing to score", said, "two different values")
    return None


BATCHES = (
    *(batches.shapes, batches.scored, batches.unscored, batches.eager),
    *(batches.independent, batches.differing, _named),
)
SCORES = (
    *(simulation.adds, simulation.best, simulation.blind, simulation.blind_longer),
    *(simulation.windows, simulation.information),
)
