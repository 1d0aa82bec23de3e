"""The numbers of a report as two tables of comma-separated values.

`cells.csv` has what a run computes, the same on every machine of a kind; `costs.csv`
has what was measured on the way, which never repeats exactly.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lib.report.choice import working_of
from lib.report.collect import Run, by_number, dig, num_targets, number, whole
from lib.report.knob import LENGTH
from lib.report.score import run_score
from lib.report.table import clean

CELL_COLUMNS = ("part", "model", "train_length", "seed", "stage", "state", "step")
CELL_COLUMNS += ("run", "split", "test_length", "context", "metric", "value")
CELL_COLUMNS += ("num_targets",)
COSTS = ("train_seconds", "compile_seconds", "evaluation_seconds", "steps_per_second")
COSTS += ("peak_memory_bytes", "attempts", "device", "processor", "mode")
COSTS += ("jax", "python", "commit", "dirty")
COST_COLUMNS = (*CELL_COLUMNS[:8], *COSTS)
FORMULA = ("=", "+", "-", "@")


def cells_csv(runs: Sequence[Run], choices: Iterable[Mapping[str, Any]] = ()) -> str:
    """One line for each run, split, length and metric; a run without any has one.

    What tuning found of a cell's settings has lines too, of the split "tuning" and of
    no run: the values between which each of them works.
    """
    lines = [row for choice in choices for row in _working(choice, runs)]
    for run in runs:
        place = _place(run)
        values = [(*place, *row) for row in _values(run)]
        lines += values or [(*place, "", None, None, "", None, None)]
    return _csv(CELL_COLUMNS, sorted(lines, key=_order))


def costs_csv(runs: Iterable[Run]) -> str:
    """One line a run: seconds, bytes, device and versions."""
    lines = [
        (*_place(run), *(_scalar(_measured(run).get(key)) for key in COSTS))
        for run in runs
    ]
    return _csv(COST_COLUMNS, sorted(lines, key=_order))


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula, without control characters."""
    plain = clean(text)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def _place(run: Run) -> tuple[Any, ...]:
    step = whole(run.result.get("step"))
    # Over another axis than the length, its number is part of what was compared.
    other = "" if run.knob == LENGTH else f", {run.knob} {run.place}"
    place = (run.part, run.label + other, run.length, run.seed, run.stage, run.state)
    return (*place, step, run.id)


def _values(run: Run) -> Iterator[tuple[Any, ...]]:
    """(split, length, context, metric, value, number of targets) of one run."""
    splits = dig(run.result, "metrics")
    for split, lengths in splits.items() if isinstance(splits, dict) else ():
        for length, metrics in by_number(lengths).items():
            if not isinstance(metrics, dict):
                continue
            count = num_targets(metrics)
            # The score as the report has it, whether or not the run wrote one.
            score = run_score(run, length, split)
            written = metrics if score is None else {**metrics, "score": score}
            for name, value in written.items():
                if name != "num_targets":
                    yield split, length, None, name, number(value), count
    for context, loss in by_number(dig(run.result, "context")).items():
        yield "validation", None, context, "loss", number(loss), None
    costs = dig(run.result, "cost")
    for name, value in costs.items() if isinstance(costs, dict) else ():
        yield "cost", None, None, name, number(value), None


def _working(
    choice: Mapping[str, Any], runs: Sequence[Run]
) -> Iterator[tuple[Any, ...]]:
    """The range of a tuned setting with which its cell works: its ends, its width."""
    found = working_of(choice)
    cell = (choice.get("part"), choice.get("cell"))
    run = next((run for run in runs if (run.part, run.cell) == cell), None)
    if found is None or run is None:
        return
    place = (run.part, run.label, run.length, None, "tune", "", None, "", "tuning")
    name = str(choice.get("setting")).split(".")[-1]
    for key in ("low", "high", "decades"):
        metric = f"{name}_working_{key}"
        yield (*place, None, None, metric, float(getattr(found, key)), None)


def _measured(run: Run) -> dict[str, Any]:
    measured = dig(run.result, "measured")
    if not isinstance(measured, dict):
        return {}
    steps = number(run.result.get("step"))
    seconds = number(measured.get("train_seconds"))
    pace = steps / seconds if steps and seconds else None
    return {"steps_per_second": pace, **measured}


def _scalar(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else None


def _order(row: tuple[Any, ...]) -> list[tuple[bool, float, str]]:
    """Sorts numbers as numbers, text as text, and what is absent first."""
    return [
        (value is not None, value, "")
        if isinstance(value, int | float)
        else (value is not None, 0.0, value or "")
        for value in row
    ]


def _csv(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_written(value) for value in row)
    return text.getvalue()


def _written(value: Any) -> str:
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else repr(value)
