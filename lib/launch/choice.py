"""The values that tuned settings take: the best on validation, from results alone."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from lib import store

Merit = tuple[float, float, float]  # higher is better, the first place first


def choose(
    root: Path, points: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]
) -> tuple[int, list[float | None]]:
    """The index of the best of the points that `runs` tried, and each one's mean merit.

    A run says by `point` which it tried. The point with the highest mean validation
    score wins, where reaching the stop score counts as 1; among equals the one that
    took fewer steps, then the lower loss, then the first. With no score, the lowest
    mean validation loss, and the merit is minus the loss. A run that diverged or failed
    counts as 0, and with no score as the worst.
    """
    results = {run["id"]: store.look(root, run["id"]).result for run in runs}
    scored = all("score" in n for r in results.values() for n in _validation(r))
    merits = []
    for index in range(len(points)):
        tried = [run for run in runs if run["point"] == index]
        each = [_merit(results[run["id"]], run, scored) for run in tried]
        merits.append(tuple(fmean(column) for column in zip(*each, strict=True)))
    best = max(range(len(points)), key=merits.__getitem__)
    return best, [merit[0] if math.isfinite(merit[0]) else None for merit in merits]


def describe_choice(
    points: Sequence[Mapping[str, Any]], scores: Sequence[float | None], best: int
) -> list[dict[str, Any]]:
    """What was chosen, one entry a setting.

    Where several were tuned together a value's score is the best over the others, and
    the first entry has the whole grid besides.
    """
    entries = []
    for key in points[0]:
        values = list(dict.fromkeys(point[key] for point in points))
        of = [_best(points, scores, key, value) for value in values]
        chosen = points[best][key]
        entry = {"setting": key, "values": values, "scores": of, "chosen": chosen}
        entries.append(entry)
    if len(entries) > 1:
        grid = {"points": [dict(p) for p in points], "scores": list(scores)}
        entries[0]["grid"] = {**grid, "chosen": dict(points[best])}
    return entries


def _best(
    points: Sequence[Mapping[str, Any]],
    scores: Sequence[float | None],
    key: str,
    value: Any,
) -> float | None:
    found = [s for p, s in zip(points, scores, strict=True) if p[key] == value]
    return max((score for score in found if score is not None), default=None)


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
