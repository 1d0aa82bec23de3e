"""What a task of sequences must keep to: its batches, and its floor by simulation.

Each check returns the broken property with its smallest example, or None.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lib.contract import batches, floor, simulation, window
from lib.contract.batches import NUM_EXAMPLES
from lib.contract.failure import Failure, compile_once, failure_of, find_failures
from lib.types import Batch, Task

LENGTHS = (9, 24)  # checked where the task has them, else the first it has and more
LONGER = (64,)  # where floor, optimum and window scores are checked as well
MOST_LENGTH = 2048  # the shortest length of a task is looked for up to here
NUM_BATCHES = 64  # for the fit of a constant answer, and as many to measure it
MOST_EXAMPLES = 1024  # of each of them; fewer where they would be larger than this:
MOST_TOKENS, MOST_OUTPUTS = 2**16, 2**20
FUNCTIONS = {  # of a task, which must be there
    "sample": "sample(key, data, length) -> a lib.types.Batch",
    "floor": "floor(length): the best score of an answer that never sees the inputs",
}
OPTIONAL = ("optimum", "window_score", "information")  # functions, or None


class Source(NamedTuple):
    """A task of one length, and as many batches of it as are drawn."""

    task: Task
    batch_size: int
    num_batches: int  # of each half: to fit, and to measure
    draw: Callable[[int], Batch]  # by its index


class Case(NamedTuple):
    """A task on the training split, and examples of it at two lengths."""

    make: Callable[..., Task]  # (split, batch_size, max_length)
    task: Task  # NUM_EXAMPLES a batch
    shortest: int
    lengths: tuple[int, int]
    longer: tuple[int, ...]  # other lengths, of which only the scores are checked
    draw: Callable[[int, int], Batch]  # (seed, length)
    source: Callable[[int], Source]  # by its length, in many examples

    @property
    def all_lengths(self) -> list[int]:
        """Every length of which the scores are checked."""
        return sorted({*self.lengths, *self.longer})

    @property
    def has_data(self) -> bool:
        """Whether examples are taken from a data set, which is finite."""
        return bool(jax.tree.leaves(self.task.data))


def check_task(
    factory: Callable[..., Task],
    settings: Mapping[str, Any],
    path: Path | None = None,
    lengths: Collection[int] = LONGER,
) -> list[Failure]:
    """Every property of the contract that a factory's task breaks.

    `path` is the file whose lines are named in errors, `lengths` those that the task is
    to be used at: floor, optimum and window scores are checked at them as well.
    """
    return list(task_failures(factory, settings, path, lengths))


def task_failures(
    factory: Callable[..., Task],
    settings: Mapping[str, Any],
    path: Path | None = None,
    lengths: Collection[int] = LONGER,
) -> Iterator[Failure]:
    """The same, one after another: batches first, then what is simulated."""
    make = functools.partial(_make, factory, settings)
    try:
        case = _make_case(make, lengths)
    except Exception as error:
        yield failure_of(error, "Build it, draw a batch", path)
        return
    if isinstance(case, Failure):
        yield case
        return
    yield from find_failures(STAGES, case, path)


def _make(
    factory: Callable[..., Task], settings: Mapping[str, Any], *sizes: Any
) -> Task:
    """The task, with data that a compiled function may hold as it is."""
    task = factory(*sizes, **settings)
    # What is no task is said to be none where it is looked at.
    data = jax.tree.map(jnp.asarray, getattr(task, "data", ()))
    return task._replace(data=data) if isinstance(task, Task) else task


def _make_case(make: Callable[..., Task], longer: Collection[int]) -> Case | Failure:
    shortest = next((n for n in range(1, MOST_LENGTH) if _allows(make, n)), 0)
    if not shortest:
        make("train", 2, MOST_LENGTH)  # says itself why
    low, high = (max(length, shortest) for length in LENGTHS)
    lengths = low, max(high, low + 8)
    task = make("train", NUM_EXAMPLES, lengths[1])
    if (failure := _no_task(task)) is not None:
        return failure
    for split in ("validation", "test"):
        make(split, 2, lengths[1])
    sample = compile_once(
        lambda seed, n: task.sample(jax.random.key(seed), task.data, n)
    )

    @functools.cache
    def draw(seed: int, length: int) -> Batch:
        batch = sample(np.uint32(seed), np.int32(length))
        return jax.tree.map(np.asarray, batch)

    allowed = tuple(n for n in longer if _allows(make, n))
    source = functools.cache(functools.partial(_make_source, make))
    return Case(make, task, shortest, lengths, allowed, draw, source)


def _no_task(task: Any) -> Failure | None:
    """What is missing in what a factory returns."""
    if not isinstance(task, Task):
        got = type(task).__name__
        return Failure("is no task", f"the factory returns {got}", "a lib.types.Task")
    if task.interface.image:
        return Failure("is a task of pictures", "interface.image is set", "sequences")
    for name, allowed in FUNCTIONS.items():
        if not callable(function := getattr(task, name)):
            return Failure(f"has no {name}", f"{name} is {function!r}", allowed)
    for name in OPTIONAL:
        function = getattr(task, name)
        if function is not None and not callable(function):
            said = f"{name} is {function!r}"
            return Failure(f"{name} is no function", said, "a function, or None")
    return None


def _make_source(make: Callable[..., Task], length: int) -> Source:
    one = make("train", 1, length)
    shaped = lambda n: one.sample(jax.random.key(0), one.data, n)
    num_steps = jax.eval_shape(shaped, np.int32(length)).mask.shape[1]
    outputs = num_steps * one.interface.output_size
    most = min(MOST_EXAMPLES, MOST_TOKENS // num_steps, MOST_OUTPUTS // outputs)
    size = max(most, 8)
    task = make("train", size, length)
    sample = jax.jit(
        lambda i, data, n: task.sample(
            jax.random.fold_in(jax.random.key(11), i), data, n
        )
    )
    draw = lambda i: sample(np.uint32(i), task.data, np.int32(length))
    return Source(task, size, NUM_BATCHES, draw)


def _allows(make: Callable[..., Task], length: int) -> bool:
    try:
        make("train", 2, length)
    except ValueError:
        return False
    return True


STAGES = (
    (
        *(batches.shapes, batches.scored, batches.unscored, batches.eager),
        *(batches.independent, batches.differing, simulation.named),
    ),
    (simulation.adds, simulation.best, simulation.information, window.windows),
    (floor.blind,),
    (window.unbeaten,),
)
