"""What a task of sequences must keep to: its batches, and its floor by simulation.

Each check returns the broken property with its smallest example, or None.
"""

import functools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract import simulation
from lib.contract.failure import Failure, compile_once, failure_of, find_failures
from lib.types import Batch, Task

NUM_EXAMPLES = 4096  # of a simulation
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
    make = functools.partial(factory, **settings)
    try:
        case = _make_case(make)
        if isinstance(case, Failure):
            return [case]
    except Exception as error:
        return [failure_of(error, "Build it, draw a batch", path)]
    found = list(find_failures(BATCHES, case, path))
    return found or list(find_failures(SCORES, case, path))


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
    sample = compile_once(lambda seed, n: task.sample(_key(seed), task.data, n))

    @functools.cache
    def draw(seed: int, length: int) -> Batch:
        batch = sample(np.uint32(seed), np.int32(length))
        return jax.tree.map(np.asarray, batch)

    return Case(make, task, lengths, draw)


def _key(seed: Any) -> Any:
    return jax.random.key(seed)


def _allows(make: Callable[..., Task], length: int) -> bool:
    try:
        make("train", 2, length)
    except ValueError:
        return False
    return True


def _shapes(case: Case) -> Failure | None:
    """Shapes and types of a batch."""
    for length in case.lengths:
        batch = case.draw(0, length)
        for name, said, allowed in _shape_problems(case.task, batch):
            return Failure(f"{name} are not those of the interface", said, allowed)
    return None


def _shape_problems(task: Task, batch: Batch):
    interface, mask = task.interface, batch.mask
    of = lambda x: f"{x.dtype}{list(x.shape)}"
    steps = mask.shape[1] if mask.ndim == 2 else 0
    rows = [NUM_EXAMPLES, steps]
    if mask.dtype != np.float32 or list(mask.shape) != rows or steps < 1:
        yield "mask", of(mask), f"float32[{NUM_EXAMPLES}, T]"
    elif not set(np.unique(mask)) <= {0, 1}:
        yield "mask", f"holds {_odd(mask)}", "1 where a target is scored, else 0"
    tokens = interface.vocabulary_size > 0
    yield from _array(
        "inputs", batch.inputs, rows, tokens, interface.input_size, interface.input_size
    )
    classes = np.issubdtype(batch.targets.dtype, np.integer)
    size = interface.output_size
    yield from _array("targets", batch.targets, rows, classes, size, size)


def _odd(mask: Any) -> float:
    return mask[(mask != 0) & (mask != 1)].ravel()[0].item()


def _array(name: str, array: np.ndarray, rows: list[int], whole: bool, end, width):
    of = f"{array.dtype}{list(array.shape)}"
    shape, kind = (rows, "int32") if whole else ([*rows, width], "float32")
    if array.dtype.name != kind or list(array.shape) != shape:
        yield name, of, f"{kind}{shape}"
    elif whole and not (array.min() >= 0 and array.max() < end):
        bad = array[(array < 0) | (array >= end)].ravel()[0]
        yield name, f"holds {bad}", f"0 to {end - 1}"
    elif not np.isfinite(array).all():
        yield name, "holds a number that is not finite", "finite numbers"


def _scored(case: Case) -> Failure | None:
    """Positions that are scored."""
    for length in case.lengths:
        empty = np.flatnonzero(case.draw(0, length).mask.sum(axis=1) == 0)
        if len(empty):
            return Failure(
                "nothing is scored",
                f"with length {length} example {empty[0]} of key 0 has a mask of zeros",
                "every example has a scored position",
            )
    return None


def _unscored(case: Case) -> Failure | None:
    """Zeros where nothing is scored, and beyond the length."""
    length = case.lengths[0]
    batch = case.draw(0, length)
    hidden = batch.mask == 0
    places = np.argwhere(hidden & (_flat(batch.targets) != 0).any(axis=2))
    if len(places):
        b, t = map(int, places[0])
        return Failure(
            "a target that is not scored is told",
            f"with length {length} example {b} has target "
            f"{batch.targets[b, t]} at step {t}, where the mask is 0",
            "0 where the mask is 0",
        )
    extra = batch.mask.shape[1] - case.task.max_length
    for name, leaf in (("inputs", batch.inputs), ("mask", batch.mask)):
        beyond = np.argwhere(_flat(leaf)[:, length + extra :].any(axis=2))
        if len(beyond):
            b, t = map(int, beyond[0])
            return Failure(
                "there is something beyond the length",
                f"with length {length} of {case.task.max_length} example {b} has "
                f"{name} {leaf[b, t + length + extra]} at step {t + length + extra}",
                "zeros: right padding",
            )
    return None


def _independent(case: Case) -> Failure | None:
    """Examples that do not depend on how far they are padded."""
    length = case.lengths[0]
    alone_task = case.make("train", NUM_EXAMPLES, length)
    sample = compile_once(lambda n: alone_task.sample(_key(5), alone_task.data, n))
    alone = jax.tree.map(np.asarray, sample(np.int32(length)))
    padded = case.draw(5, length)
    for name in ("inputs", "targets", "mask"):
        one = _flat(getattr(alone, name))
        other = _flat(getattr(padded, name))[:, : one.shape[1]]
        places = np.argwhere((one != other).any(axis=2))
        if len(places):
            b, t = map(int, places[0])
            return Failure(
                "an example depends on its padding",
                f"{name} of example {b} with length {length} at step {t} are "
                f"{one[b, t].tolist()} with max_length {length} and "
                f"{other[b, t].tolist()} with max_length {case.task.max_length}",
                "equal: draw time first, as random.bits(key, (max_length, batch)).T",
            )
    return None


def _differing(case: Case) -> Failure | None:
    """Examples that differ within a batch and between keys."""
    length = case.lengths[1]
    batches = [_flat(case.draw(seed, length).inputs)[:16] for seed in (0, 1)]
    rows = [row.tobytes() for batch in batches for row in batch]
    for i, row in enumerate(rows):
        if row in rows[:i]:
            places = [divmod(place, 16) for place in (rows.index(row), i)]
            said = " and ".join(f"example {b} of key {key}" for key, b in places)
            return Failure(
                "examples repeat",
                f"with length {length} {said} are equal",
                "every example of every key is another",
            )
    return None


def _eager(case: Case) -> Failure | None:
    """The same batch without jit."""
    length = case.lengths[0]
    task = case.make("train", 4, case.task.max_length)
    draw = lambda: task.sample(_key(3), task.data, jnp.int32(length))
    compiled = compile_once(lambda n: task.sample(_key(3), task.data, n))
    one, other = compiled(np.int32(length)), draw()
    for name, a, b in zip(Batch._fields, one, other, strict=True):
        if a is not None and not np.array_equal(np.asarray(a), np.asarray(b)):
            return Failure(
                "jit changes it",
                f"{name} of 4 examples of key 3 with length {length} differ",
                "a pure function of key, data and length",
            )
    return None


def _flat(leaf: PyTree) -> np.ndarray:
    """An array [B, T] or [B, T, V] with its third axis."""
    return leaf[:, :, None] if leaf.ndim == 2 else leaf


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


BATCHES = (_shapes, _scored, _unscored, _eager, _independent, _differing, _named)
SCORES = (
    *(simulation.adds, simulation.best, simulation.blind, simulation.blind_longer),
    *(simulation.windows, simulation.information),
)
