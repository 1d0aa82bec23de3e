"""The scored metric of answers to a task's examples, and its standard error."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lib.contract.failure import compile_once
from lib.types import Batch, Task

if TYPE_CHECKING:
    from lib.contract.task import Case

SURE = 30.0  # the logit of a class that a perfect answer is sure of
ROUNDING = 1e-4  # of a float32 mean, and of what SURE leaves


def summarize(task: Task, sums: Sequence[Any]) -> tuple[float, float]:
    """The scored metric of all sums of batches, and its standard error over them."""
    metric = task.metrics[task.score_metric]
    sums = [jax.tree.map(np.asarray, one) for one in sums]
    total = metric.finalize(jax.tree.map(lambda *leaves: sum(leaves), *sums))
    each = [metric.finalize(one) for one in sums]
    error = float(np.std(each, ddof=1) / len(each) ** 0.5) if len(each) > 1 else 0.0
    return total, error


def measure(
    case: "Case", answer: np.ndarray, batch: Batch, num_chunks: int
) -> tuple[float, float]:
    """The scored metric of answers [B, T, V], and its standard error over chunks."""
    task = case.task
    accumulate = _compiled(task.metrics[task.score_metric].accumulate)
    size = len(batch.mask) // num_chunks
    sums: list[Any] = []
    for i in range(num_chunks):
        outputs = answer[i * size : (i + 1) * size].astype(np.float32)
        sums.append(accumulate(outputs, rows(batch, i * size, size)))
    return summarize(task, sums)


@functools.lru_cache(maxsize=4)
def _compiled(accumulate: Callable[..., Any]) -> Callable[..., Any]:
    return compile_once(accumulate)


def is_classes(batch: Batch) -> bool:
    """Whether the targets of a batch are classes."""
    return np.issubdtype(batch.targets.dtype, np.integer)


def rows(batch: Batch, start: int, size: int) -> Batch:
    """Examples of a batch."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[start : start + size], batch)
