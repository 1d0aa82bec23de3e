"""A task's floor, optimum and window scores, against predictors on its examples."""

import math
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lib.contract.failure import Failure, compile_once
from lib.types import Batch, Metric

if TYPE_CHECKING:
    from lib.contract.task import Case

NUM_CHUNKS = 16  # of a batch, for the standard error of a metric
ERRORS = 4.0  # standard errors that a simulation may be off
SURE = 30.0  # the logit of a class that a perfect answer is sure of
ROUNDING = 1e-4  # of a float32 mean, and of what SURE leaves


def adds(case: "Case") -> Failure | None:
    """Sums of two batches that add up to those of both."""
    one, two = (_rows(case.draw(s, case.lengths[0]), 0, 32) for s in (0, 1))
    both = jax.tree.map(lambda *leaves: np.concatenate(leaves), one, two)
    outputs = np.random.default_rng(0).normal(
        size=(*both.mask.shape, case.task.interface.output_size)
    )
    outputs = outputs.astype(np.float32)
    metrics = {"loss": case.task.loss, **case.task.metrics}
    for name, metric in metrics.items():
        accumulate = compile_once(metric.accumulate)
        parts = [accumulate(outputs[:32], one), accumulate(outputs[32:], two)]
        added = metric.finalize(jax.tree.map(np.add, *parts))
        whole = metric.finalize(accumulate(outputs, both))
        if not math.isclose(added, whole, rel_tol=ROUNDING, abs_tol=ROUNDING):
            return Failure(
                "sums do not add",
                f"metric {name} of 64 examples is {whole:.6g}, and {added:.6g} by the "
                "sums of two batches of 32",
                "equal: accumulate returns sums, finalize their ratio",
            )
    return None


def best(case: "Case") -> Failure | None:
    """Perfect answers that reach the optimum."""
    if case.task.optimum is None:
        return None
    for length in case.lengths:
        batch = _rows(case.draw(0, length), 0, 256)
        reached, _ = _measure(case, _perfect(case, batch), batch, 1)
        stated = case.task.optimum(length)
        if not math.isclose(reached, stated, rel_tol=ROUNDING, abs_tol=ROUNDING):
            return Failure(
                "the optimum is wrong",
                f"at length {length} the targets themselves reach "
                f"{case.task.score_metric} {reached:.6g}, optimum says {stated:.6g}",
                "what perfect answers reach",
            )
    return None


def blind(case: "Case") -> Failure | None:
    """The best answer without the inputs reaching the floor."""
    return _blind(case, case.lengths[0])


def blind_longer(case: "Case") -> Failure | None:
    """The best answer without the inputs reaching the floor at a longer length."""
    return _blind(case, case.lengths[1])


def _blind(case: "Case", length: int) -> Failure | None:
    task, fitted = case.task, case.draw(0, length)
    batch = case.draw(1, length)
    answers = _blind_answers(case, fitted)
    tried = [_measure(case, answer, batch, NUM_CHUNKS) for answer in answers]
    floor = task.floor(length)
    rises = task.optimum is None or task.optimum(length) > floor
    reached, error = (max if rises else min)(tried)
    # What is fitted to N examples of V classes is (V - 1) / 2N nats from the best.
    fit = task.interface.output_size * batch.mask.shape[1] ** 0.5 / len(batch.mask)
    span = 0.0 if task.optimum is None else abs(task.optimum(length) - floor)
    if abs(reached - floor) <= ERRORS * error + min(fit, 0.01) * span + ROUNDING:
        return None
    return Failure(
        "the floor is wrong",
        f"at length {length} the best constant answer at each position, which never "
        f"sees the inputs, reaches {task.score_metric} {reached:.4g} (standard error "
        f"{error:.1g}, {len(batch.mask)} examples), floor says {floor:.4g}",
        f"within {ERRORS:g} standard errors",
    )


def windows(case: "Case") -> Failure | None:
    """Window scores in [0, 1] that rise with the window, to 1."""
    score = case.task.window_score
    if score is None:
        return None
    for length in case.lengths:
        size = case.draw(0, length).mask.shape[1]
        sizes = range(1, 2 * size + 2)
        values = [score(length, k) for k in sizes]
        for k, value in zip(sizes, values, strict=True):
            if not 0 <= value <= 1:
                said = f"window_score({length}, {k}) is {value:.4g}"
                return Failure("a window's score is no score", said, "0 to 1")
            if k > 1 and value < values[k - 2]:
                said = f"window_score({length}, {k}) is {value:.4g}, below "
                said += f"{values[k - 2]:.4g} at {k - 1}"
                return Failure(
                    "a wider window scores less", said, "at least the narrower's"
                )
        if values[-1] != 1:
            said = f"window_score({length}, {sizes[-1]}) is {values[-1]:.4g}"
            allowed = "1 for a window that holds the whole sequence"
            return Failure("all of the inputs are not enough", said, allowed)
    return None


def information(case: "Case") -> Failure | None:
    """Bits that are to be kept."""
    if case.task.information is None:
        return None
    for length in case.lengths:
        bits = case.task.information(length)
        if not (math.isfinite(bits) and bits >= 0):
            said = f"information({length}) is {bits}"
            return Failure("the information is no number of bits", said, "at least 0")
    return None


def _is_classes(batch: Batch) -> bool:
    return np.issubdtype(batch.targets.dtype, np.integer)


def _perfect(case: "Case", batch: Batch) -> np.ndarray:
    if not _is_classes(batch):
        return batch.targets
    return SURE * np.eye(case.task.interface.output_size)[batch.targets]


def _blind_answers(case: "Case", seen: Batch) -> list[np.ndarray]:
    """The answers [1, T, V] of each position's own distribution, for any loss of it."""
    weight = seen.mask[:, :, None]
    count = np.maximum(weight.sum(0), 1)  # [T, 1]
    targets = seen.targets
    if _is_classes(seen):
        targets = np.eye(case.task.interface.output_size, dtype=np.float32)[targets]
    mean = (targets * weight).sum(0) / count  # [T, V]
    if _is_classes(seen):
        rows, counts = np.unique(seen.targets, axis=0, return_counts=True)
        commonest = SURE * np.eye(targets.shape[-1])[rows[np.argmax(counts)]]
        return [np.log(mean + 1e-9)[None], commonest[None]]
    answers = [mean[None]]
    if targets.min() >= 0 and targets.max() <= 1:
        odds = np.clip(mean, 1e-6, 1 - 1e-6)
        answers.append(np.log(odds / (1 - odds))[None])  # a loss that reads logits
    return answers


def _measure(
    case: "Case", answer: np.ndarray, batch: Batch, num_chunks: int
) -> tuple[float, float]:
    """The scored metric over a batch, and its standard error over chunks of it."""
    metric: Metric = case.task.metrics[case.task.score_metric]
    accumulate = compile_once(metric.accumulate)
    size = len(batch.mask) // num_chunks
    sums: list[Any] = []
    for i in range(num_chunks):
        chunk = _rows(batch, i * size, size)
        own = answer if len(answer) == 1 else answer[i * size : (i + 1) * size]
        shape = (*chunk.mask.shape, answer.shape[2])
        outputs = np.broadcast_to(own, shape).astype(np.float32)
        sums.append(accumulate(outputs, chunk))
    total = metric.finalize(jax.tree.map(lambda *x: sum(map(np.asarray, x)), *sums))
    each = [metric.finalize(one) for one in sums]
    error = float(np.std(each, ddof=1) / num_chunks**0.5) if num_chunks > 1 else 0.0
    return total, error


def _rows(batch: Batch, start: int, size: int) -> Batch:
    return jax.tree.map(lambda leaf: leaf[start : start + size], batch)
