"""Accuracy against the number of filters, of a part whose runs differ in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from lib.report.collect import Run, by_number, dig, number, whole

AXIS = "filters"  # the name of a sweep's axis over how many there are


@dataclass(frozen=True)
class Learner:
    """One way to come by filters: every seed's test accuracy by their number."""

    label: str
    seeds: dict[int, list[float]] = field(repr=False)  # by the number of filters

    def mean(self) -> dict[int, float]:
        """The mean over seeds at each number of filters."""
        return {n: fmean(values) for n, values in sorted(self.seeds.items()) if values}


def learners(runs: Sequence[Run]) -> list[Learner]:
    """By model, in the order of the runs; none where the number does not vary."""
    found: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        count, accuracy = whole(run.cell.get(AXIS)), _accuracy(run)
        if count is None or accuracy is None:
            continue
        label = str(run.cell.get("model") or dig(run.config, "model", "name"))
        found.setdefault(label, {}).setdefault(count, []).append(accuracy)
    known = [Learner(label, seeds) for label, seeds in found.items()]
    return [learner for learner in known if len(learner.seeds) > 1]


def _accuracy(run: Run) -> float | None:
    """A run's test accuracy: pictures are tested at one side."""
    tested = by_number(dig(run.result, "metrics", "test")).values()
    values = (number(dig(metrics, "accuracy")) for metrics in tested)
    return next((value for value in values if value is not None), None)
