"""A task's floor, against the best constant answer of each position.

The answer is fitted to half of the examples. On that half it scores at least as well,
on average, as the best constant answer there is, because it was chosen for it; on the
other half at most as well, because nothing constant is better. The floor lies between
the two, which is the fit's bias, give or take the standard errors of both.

Examples of a data set end where they end, so that an answer of its own at each position
knows how long they are. Their floor may also be that of one answer at all positions.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lib.contract.failure import Failure
from lib.contract.measure import ROUNDING, SURE, is_classes, summarize
from lib.types import Batch, Task

if TYPE_CHECKING:
    from lib.contract.task import Case, Source

NUM_ANSWERS = 32  # the commonest whole answers, of which those that agree are joined
FEW = 3  # classes, each of which is tried as the answer at every position
ERRORS = 4.0  # standard errors that a simulation may be off


class _Seen(NamedTuple):
    """What the fit keeps of the examples."""

    sums: np.ndarray  # [T, V] of the scored targets
    num_scored: np.ndarray  # [T, 1]
    low: float
    high: float
    commonest: np.ndarray | None  # [T] classes, the whole answers of most examples


class _Reached(NamedTuple):
    """A metric's value of the best constant answer, and its standard error."""

    other: float  # on the examples that the answer was not fitted to
    own: float
    error: float


# A score and its error on the examples not fitted to, and on those fitted to.
_Tried = tuple[tuple[float, float], tuple[float, float]]


def blind(case: "Case") -> Failure | None:
    """The best answer without the inputs reaching the floor."""
    for length in case.all_lengths:
        if (failure := _blind(case, length)) is not None:
            return failure
    return None


def _blind(case: "Case", length: int) -> Failure | None:
    source = case.source(length)
    task = source.task
    seen = _see(source, task.interface.output_size)
    own, pooled = _answers(seen), _answers(_pooled(seen)) if case.has_data else []
    tried = _try(source, own + pooled)
    families = [each for each in (tried[: len(own)], tried[len(own) :]) if each]
    floor = task.floor(length)
    num_examples = source.num_batches * source.batch_size
    span = 0.0 if task.optimum is None else abs(task.optimum(length) - floor)
    found: list[_Reached] = []
    for pick in _picks(task, length):
        found = [_best(family, pick) for family in families]
        # What none of N examples shows may still be as frequent as some in N.
        error = max(*(each.error for each in found), span / num_examples)
        slack = ERRORS * error + ROUNDING
        ends = [end for each in found for end in (each.other, each.own)]
        if min(ends) - slack <= floor <= max(ends) + slack:
            return None
    best = found[0]
    return Failure(
        "the floor is wrong",
        f"at length {length} the best constant answer at each position, which never "
        f"sees the inputs, reaches {task.score_metric} {best.other:.4g} "
        f"({best.own:.4g} on the examples it was fitted to; {num_examples:,} of each, "
        f"standard error {best.error:.1g}), floor says {floor:.4g}",
        f"between the two, or within {ERRORS:g} standard errors",
    )


def _try(source: "Source", answers: Sequence[np.ndarray]) -> list[_Tried]:
    """What each answer reaches on both halves of the examples."""
    task, half = source.task, source.num_batches
    accumulate = task.metrics[task.score_metric].accumulate

    def score(answer: Any, batch: Batch) -> Any:
        shape = (*batch.mask.shape, answer.shape[1])
        return accumulate(jnp.broadcast_to(answer[None], shape), batch)

    compiled = jax.jit(lambda answers, batch: [score(a, batch) for a in answers])
    halves = []
    for start in (half, 0):  # what the answer was not fitted to, and what it was
        found = [compiled(answers, source.draw(start + i)) for i in range(half)]
        halves.append(
            [summarize(task, [each[a] for each in found]) for a in range(len(answers))]
        )
    return list(zip(*halves, strict=True))


def _best(tried: Sequence[_Tried], pick: Callable[..., Any]) -> _Reached:
    """What the best of some answers reach, on each half by itself."""
    (other, error), (own, own_error) = map(pick, zip(*tried, strict=True))
    return _Reached(other, own, max(error, own_error))


def _picks(task: Task, length: int) -> list[Callable[..., Any]]:
    """How the best of several scores is found.

    Without an optimum a high score may be a bad one: the highest, then the lowest.
    """
    if task.optimum is None:
        return [max, min]
    return [max] if task.optimum(length) > task.floor(length) else [min]


def _see(source: "Source", output_size: int) -> _Seen:
    batches = (source.draw(i) for i in range(source.num_batches))
    first = source.draw(0)
    if is_classes(first):
        return _see_classes(source, batches, output_size)
    sums, count, low, high = 0.0, 0.0, math.inf, -math.inf
    for batch in batches:
        weight, targets = np.asarray(batch.mask)[:, :, None], np.asarray(batch.targets)
        sums = sums + (targets * weight).sum(0, dtype=np.float64)
        count = count + weight.sum(0, dtype=np.float64)
        low, high = min(low, targets.min()), max(high, targets.max())
    return _Seen(np.asarray(sums), np.asarray(count), low, high, None)


def _pooled(seen: _Seen) -> _Seen:
    """The same as if all positions were one."""
    sums = np.broadcast_to(seen.sums.sum(0), seen.sums.shape)
    count = np.broadcast_to(seen.num_scored.sum(0), seen.num_scored.shape)
    commonest = None if seen.commonest is None else sums.argmax(1)
    return _Seen(sums, count, seen.low, seen.high, commonest)


def _see_classes(source: "Source", batches: Iterable[Batch], output_size: int) -> _Seen:
    num_steps = source.draw(0).mask.shape[1]
    sums = np.zeros(num_steps * output_size)
    # Rows are told apart by a random sum of 64 bits.
    random = np.random.default_rng(0)
    factors = random.integers(1, 2**63, num_steps, dtype=np.uint64)
    names = []
    for batch in batches:
        targets, mask = np.asarray(batch.targets), np.asarray(batch.mask)
        rows, steps = np.nonzero(mask)
        places = steps * output_size + targets[rows, steps]
        sums += np.bincount(places, minlength=len(sums))
        asked = ((targets + 1) * (mask > 0)).astype(np.uint64)
        names.append((asked * factors).sum(axis=1))
    _, first, counts = np.unique(
        np.concatenate(names), return_index=True, return_counts=True
    )
    sums = sums.reshape(num_steps, output_size)
    often = first[np.argsort(-counts, kind="stable")[:NUM_ANSWERS]]
    commonest = _join(source, often, sums.sum(axis=1) > 0)
    return _Seen(sums, sums.sum(axis=1, keepdims=True), 0, 1, commonest)


def _join(source: "Source", often: np.ndarray, scored: np.ndarray) -> np.ndarray:
    """The commonest answer, with others at places that it leaves open, as if asked."""
    answer, filled = np.zeros(len(scored), np.int64), ~scored
    for place in often:
        index, row = divmod(int(place), source.batch_size)
        batch = source.draw(index)
        mask, targets = np.asarray(batch.mask)[row] > 0, np.asarray(batch.targets)[row]
        if (answer == targets)[mask & filled].all():
            answer[mask], filled = targets[mask], filled | mask
        if filled.all():
            break
    return answer


def _answers(seen: _Seen) -> list[np.ndarray]:
    """The answers [T, V] of each position's own distribution, for any loss of it."""
    mean = seen.sums / np.maximum(seen.num_scored, 1)
    if seen.commonest is not None:
        overall = seen.sums.sum(0) / max(seen.num_scored.sum(), 1)
        # With one more answer a position, for classes that it has not shown.
        smooth = (seen.sums + overall) / (seen.num_scored + 1)
        found = [np.log(smooth + 1e-9)]
        scored = seen.num_scored[:, 0] > 0
        if (smooth.argmax(1) != seen.commonest)[scored].any():
            found.append(SURE * np.eye(mean.shape[1])[seen.commonest])
        if mean.shape[1] <= FEW:  # F1 of a rare class is best where it is always said
            found += [
                np.tile(SURE * row, (len(mean), 1)) for row in np.eye(mean.shape[1])
            ]
    else:
        found = [mean]
        if seen.low >= 0 and seen.high <= 1:
            odds = np.clip(mean, 1e-6, 1 - 1e-6)
            found.append(np.log(odds / (1 - odds)))  # a loss that reads logits
    return [answer.astype(np.float32) for answer in found]
