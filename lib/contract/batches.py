"""What the batches of a task of sequences must keep to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract.failure import Failure, compile_once
from lib.types import Batch, Task

if TYPE_CHECKING:
    from lib.contract.task import Case

NUM_EXAMPLES = 4096  # of a batch, and so of a simulation
Problem = tuple[str, str, str]  # what, how it is, how it may be


def shapes(case: "Case") -> Failure | None:
    """Shapes and types of a batch."""
    for length in case.lengths:
        batch = case.draw(0, length)
        for name, said, allowed in _shape_problems(case.task, batch):
            return Failure(f"{name} are not those of the interface", said, allowed)
    return None


def _shape_problems(task: Task, batch: Batch) -> Iterator[Problem]:
    interface, mask = task.interface, batch.mask
    of = lambda x: f"{x.dtype}{list(x.shape)}"
    steps = mask.shape[1] if mask.ndim == 2 else 0
    rows = [len(mask), steps]
    if mask.dtype != np.float32 or list(mask.shape) != rows or steps < 1:
        yield "mask", of(mask), "float32[B, T]"
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


def _array(
    name: str, array: Any, rows: list[int], whole: bool, end: int, width: int
) -> Iterator[Problem]:
    of = f"{array.dtype}{list(array.shape)}"
    shape, kind = (rows, "int32") if whole else ([*rows, width], "float32")
    if array.dtype.name != kind or list(array.shape) != shape:
        yield name, of, f"{kind}{shape}"
    elif whole and not (array.min() >= 0 and array.max() < end):
        bad = array[(array < 0) | (array >= end)].ravel()[0]
        yield name, f"holds {bad}", f"0 to {end - 1}"
    elif not np.isfinite(array).all():
        yield name, "holds a number that is not finite", "finite numbers"


def scored(case: "Case") -> Failure | None:
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


def unscored(case: "Case") -> Failure | None:
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


def independent(case: "Case") -> Failure | None:
    """Examples that do not depend on how far they are padded.

    Of a text the places where a window may start do depend on how long it is.
    """
    if case.has_data:
        return None
    length = case.lengths[0]
    alone_task = case.make("train", NUM_EXAMPLES, length)
    sample = compile_once(
        lambda n: alone_task.sample(jax.random.key(5), alone_task.data, n)
    )
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


def differing(case: "Case") -> Failure | None:
    """Examples that differ within a batch and between keys.

    Those taken from a data set may come again, but not all of a batch in their order.
    """
    length = case.lengths[1]
    drawn = [case.draw(seed, length) for seed in (0, 1)]
    batches = [_flat(batch.inputs)[:16] for batch in drawn]
    if case.has_data:
        answers = [_flat(batch.targets)[:16] for batch in drawn]
        same = [np.array_equal(a, b) for a, b in (batches, answers)]
        if not all(same):
            return None
        return Failure(
            "examples repeat",
            f"with length {length} the first {len(batches[0])} examples of key 0 and "
            "of key 1 are the same in the same order",
            "another key draws others",
        )
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


def eager(case: "Case") -> Failure | None:
    """The same batch without jit."""
    length = case.lengths[0]
    task = case.make("train", 4, case.task.max_length)
    draw = lambda: task.sample(jax.random.key(3), task.data, jnp.int32(length))
    compiled = compile_once(lambda n: task.sample(jax.random.key(3), task.data, n))
    one, other = compiled(np.int32(length)), draw()
    for name, a, b in zip(Batch._fields, one, other, strict=True):
        if a is not None and not _equal(np.asarray(a), np.asarray(b)):
            return Failure(
                "jit changes it",
                f"{name} of 4 examples of key 3 with length {length} differ",
                "a pure function of key, data and length",
            )
    return None


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether numbers are the same; floats may be rounded otherwise under jit."""
    if np.issubdtype(one.dtype, np.integer) or one.shape != other.shape:
        return np.array_equal(one, other)
    return np.allclose(one, other, rtol=1e-5, atol=1e-5)


def _flat(leaf: PyTree) -> np.ndarray:
    """An array [B, T] or [B, T, V] with its third axis."""
    return leaf[:, :, None] if leaf.ndim == 2 else leaf
