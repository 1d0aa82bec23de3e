"""The value that a tuned setting takes: the best on validation, from results alone."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from lib import store

Merit = tuple[float, float, float]  # higher is better, the first place first


def choose(
    root: Path, key: str, values: Sequence[Any], runs: Sequence[Mapping[str, Any]]
) -> tuple[Any, list[float | None]]:
    """The best of the values that `runs` tried, and each one's mean merit.

    The value with the highest mean validation score wins, where reaching the stop score
    counts as 1; among equals the one that took fewer steps, then the lower loss, then
    the first. With no score, the lowest mean validation loss, and the merit is minus
    the loss. A run that diverged or failed counts as 0, and with no score as the worst.
    """
    results = {run["id"]: store.look(root, run["id"]).result for run in runs}
    scored = all("score" in n for r in results.values() for n in _validation(r))
    section, name = key.split(".")
    merits = []
    for value in values:
        tried = [run for run in runs if run["config"][section][name] == value]
        each = [_merit(results[run["id"]], run, scored) for run in tried]
        merits.append(tuple(fmean(column) for column in zip(*each, strict=True)))
    best = max(range(len(values)), key=merits.__getitem__)
    scores = [merit[0] if math.isfinite(merit[0]) else None for merit in merits]
    return values[best], scores


def _merit(
    result: Mapping[str, Any] | None, run: Mapping[str, Any], scored: bool
) -> Merit:
    """(score or minus the loss, minus the steps, minus the loss) of one run."""
    numbers = _validation(result)
    if (
        result is None
        or not all(math.isfinite(n["loss"]) for n in numbers)
        or not numbers
    ):
        nothing = 0.0 if scored else -math.inf
        return nothing, -run["config"]["train"]["num_steps"], -math.inf
    loss = fmean(n["loss"] for n in numbers)
    score = fmean(n["score"] for n in numbers) if scored else -loss
    solved = result["stopped"] == "solved"
    return 1.0 if solved else score, -result["step"], -loss


def _validation(result: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """A run's last validation numbers, one entry a length; none if it was not sound."""
    if result is None or result.get("state") != "done":
        return []
    return list(result["metrics"]["validation"].values())
