"""A task's metrics, optimum and information."""

import math
from typing import TYPE_CHECKING

import jax
import numpy as np

from lib.contract.failure import Failure, compile_once
from lib.contract.measure import ROUNDING, SURE, is_classes, measure, rows
from lib.types import Batch

if TYPE_CHECKING:
    from lib.contract.task import Case


def named(case: "Case") -> Failure | None:
    """A metric that floor and optimum are values of."""
    task = case.task
    if task.score_metric not in task.metrics:
        known = ", ".join(task.metrics)
        return Failure(
            "the scored metric is unknown", f"score_metric {task.score_metric!r}", known
        )
    for length in case.all_lengths:
        floor = task.floor(length)
        best = task.optimum(length) if task.optimum is not None else None
        if not math.isfinite(floor) or (best is not None and not math.isfinite(best)):
            said = f"floor({length}) is {floor}, optimum({length}) is {best}"
            return Failure("floor or optimum are not finite", said, "finite numbers")
        if best is not None and best == floor:
            said = f"floor({length}) and optimum({length}) are both {best}"
            return Failure("there is nothing to score", said, "two different values")
    return None


def adds(case: "Case") -> Failure | None:
    """Sums of two batches that add up to those of both."""
    one, two = (rows(case.draw(s, case.lengths[0]), 0, 32) for s in (0, 1))
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
    for length in case.all_lengths:
        batch = rows(case.source(length).draw(0), 0, 256)
        reached, _ = measure(case, _perfect(case, batch), batch, 1)
        stated = case.task.optimum(length)
        if not math.isclose(reached, stated, rel_tol=ROUNDING, abs_tol=ROUNDING):
            return Failure(
                "the optimum is wrong",
                f"at length {length} the targets themselves reach "
                f"{case.task.score_metric} {reached:.6g}, optimum says {stated:.6g}",
                "what perfect answers reach",
            )
    return None


def information(case: "Case") -> Failure | None:
    """Bits that are to be kept."""
    if case.task.information is None:
        return None
    for length in case.all_lengths:
        bits = case.task.information(length)
        if not (math.isfinite(bits) and bits >= 0):
            said = f"information({length}) is {bits}"
            return Failure("the information is no number of bits", said, "at least 0")
    return None


def _perfect(case: "Case", batch: Batch) -> np.ndarray:
    if not is_classes(batch):
        return batch.targets
    return SURE * np.eye(case.task.interface.output_size)[batch.targets]
