"""The rules of the linter about fairness: seeds, training and tuning are equal.

Each looks at one part of a sweep and says what it found and, in one sentence, what to
do about it (Henderson et al. 2018; Bouthillier et al. 2021).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lib.report.collect import REPORTED, Run, dig, number, whole
from lib.report.expected import cell_text
from lib.report.lint_evidence import Evidence, range_text
from lib.report.score import LOST

MIN_RATES = 3
BUDGET = ("num_steps", "batch_size", "stop_score")  # settings of training


def unequal_seeds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for run in evidence.reported:
        place = cell_text(run.cell)
        ended = run.state in (*REPORTED, *LOST)
        counts[place] = counts.get(place, 0) + ended
    if len(set(counts.values())) > 1:
        fewest = min(counts, key=counts.__getitem__)
        yield (
            f"Unequal numbers of seeds: {range_text(counts.values())} a cell ended, "
            f"fewest in {fewest}.",
            "Run the same command again until every cell has all of its seeds.",
        )


def unequal_training(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """More steps, larger batches or a later stop for some models at one place."""
    by_place: dict[int | None, dict[str, list[Any]]] = {}
    for run in evidence.reported:
        settings = [dig(run.config, "train", key) for key in BUDGET]
        by_place.setdefault(run.place, {}).setdefault(run.label, settings)
    for labels in by_place.values():
        first, *others = labels
        other = next((x for x in others if labels[x] != labels[first]), None)
        if other is not None:
            said = [_budget_text(label, labels[label]) for label in (first, other)]
            yield (
                f"Trained unequally: {said[0]}, {said[1]}.",
                "Give every model the same steps, batches and stop.",
            )
            return


def unequal_tuning(evidence: Evidence) -> Iterator[tuple[str, str]]:
    cells = {_key(run): 0 for run in (*evidence.reported, *evidence.tuning)}
    for run in evidence.tuning:
        cells[_key(run)] += 1
    if len(set(cells.values())) > 1:
        most = max(cells, key=cells.__getitem__)
        least = min(cells, key=cells.__getitem__)
        yield (
            f"Tuned unequally: {cells[least]} trials for {_named(least)}, "
            f"{cells[most]} for {_named(most)}.",
            "Give every model the same number of tuning trials and seeds.",
        )


def tuning_seeds_reported(evidence: Evidence) -> Iterator[tuple[str, str]]:
    tuned = {run.seed for run in evidence.tuning}
    shared = sorted(
        {run.seed for run in evidence.reported if run.seed is not None} & tuned
    )
    if shared:
        yield (
            f"Reported on seeds that tuning chose by: {', '.join(map(str, shared))}.",
            "Tune on seeds that are not reported, else the choice flatters itself.",
        )


def learning_rates(evidence: Evidence) -> Iterator[tuple[str, str]]:
    rates = [rate for choice in evidence.choices if (rate := _rate_of(choice))]
    small = [rate for rate in rates if len(rate.grid) < MIN_RATES]
    if small:
        sizes = range_text([len(rate.grid) for rate in small])
        low = sum(rate.chosen == min(rate.grid) for rate in small)
        yield (
            f"Learning rates tuned among {sizes} values, the "
            f"smallest chosen in {low} of {len(small)} cells, the largest in "
            f"{len(small) - low}: the best may lie beyond them.",
            f"Try at least {MIN_RATES} where a claim rests on a model that failed.",
        )
    inner = [rate for rate in rates if len(rate.grid) >= MIN_RATES]
    edges = []
    for place, grid, chosen in inner:
        if chosen in (min(grid), max(grid)):
            which = "largest" if chosen == max(grid) else "smallest"
            edges.append(f"{place}: {chosen:g}, the {which}")
    if edges:
        yield (
            f"Learning rate chosen at the edge of its grid in {len(edges)} of "
            f"{len(inner)} cells ({edges[0]}).",
            "Widen the grid until the best value lies inside it.",
        )


class _Rate(NamedTuple):
    place: str
    grid: tuple[float, ...]
    chosen: float | None


def _rate_of(choice: Mapping[str, Any]) -> _Rate | None:
    """The learning rates that a cell was tuned over; None where it was not."""
    if not str(choice.get("setting")).endswith("learning_rate"):
        return None
    values = choice.get("values")
    known = map(number, values if isinstance(values, list) else [])
    grid = tuple(value for value in known if value)
    place, chosen = cell_text(choice.get("cell")), number(choice.get("chosen"))
    return _Rate(place, grid, chosen) if grid else None


def _key(run: Run) -> str:
    return json.dumps(run.cell, sort_keys=True)


def _named(key: str) -> str:
    return cell_text(json.loads(key))


def _budget_text(label: str, settings: list[Any]) -> str:
    num_steps, batch_size, stop_score = settings
    stop = f" to a score of {stop_score:g}" if number(stop_score) else ""
    return f"{label} for {whole(num_steps) or 0:,} steps of {batch_size}{stop}"
