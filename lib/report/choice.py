"""What tuning chose in each cell, and how wide the range of values is that works."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from lib import stats
from lib.report.collect import Sweep, dig, number
from lib.report.expected import cell_text
from lib.report.table import Cell, Table
from lib.stats.working import LEARNED, SHARE


def choice_table(sweep: Sweep) -> Table:
    """One row a choice, with the scores it was made by; a grid has one of its own."""
    rows = []
    for choice in sweep.choices:
        place = (str(choice.get("part")), cell_text(choice.get("cell")))
        working = working_of(choice)
        row = (*place, _short(choice.get("setting")), str(choice.get("chosen")))
        tried = _tried(_values(choice), _scores(choice.get("scores")))
        rows.append((*map(Cell, row), Cell(str(working or "–")), Cell(tried)))
        grid = choice.get("grid")
        if isinstance(grid, Mapping):
            rows.append(tuple(map(Cell, (*place, *_grid_row(grid)))))
    columns = ("part", "cell", "setting", "chosen", "works from … to")
    columns += ("validation score of each value",)
    note = (
        "Chosen by validation score alone, with seeds that are not reported. Works: "
        "the values tried around the best one that score at least "
        f"{SHARE:g} of its score, or {stats.THRESHOLD:g}; –: none reaches {LEARNED:g}, "
        "or what is judged by is a loss; "
        "≥: the range ends where the values tried do. Of several settings tuned "
        "together, a value has the best score over the others."
    )
    return Table("Choices made by tuning", columns, rows, note, frozenset({1, 2, 4, 5}))


def working_table(sweep: Sweep) -> Table:
    """One row a model and setting: in how wide a range of values it learns."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for choice in sweep.choices:
        model = str(dig(choice, "cell", "model") or "run")
        place = (str(choice.get("part")), model, str(choice.get("setting")))
        groups.setdefault(place, []).append(choice)
    rows = []
    for (part, model, setting), choices in groups.items():
        ranges = [found for choice in choices if (found := working_of(choice))]
        if not ranges:
            continue
        tried = sorted({v for c in choices for v in map(number, _values(c)) if v})
        widths = sorted(found.decades for found in ranges)
        open_ = sum(found.open_low or found.open_high for found in ranges)
        row = (part, model, _short(setting), f"{len(tried)}")
        row += (f"{tried[0]:g} to {tried[-1]:g}", f"{len(ranges)} of {len(choices)}")
        row += (f"{median(widths):.1f}", f"[{widths[0]:.1f}, {widths[-1]:.1f}]")
        rows.append((*map(Cell, row[:-2]), Cell(*row[-2:]), Cell(f"{open_}")))
    columns = ("part", "model", "setting", "values", "tried", "cells that learned")
    columns += ("decades that work", "open")
    note = (
        "How carefully a model must be tuned: the width of the range of values that "
        "work, as below, on a log10 axis (0.5 is a factor of 3), median over the cells "
        "that learned something [smallest, largest]. Open: cells whose range ends "
        "where the values tried do; there the width is a lower bound."
    )
    return Table(
        "How wide a range of values works", columns, rows, note, frozenset({1, 2})
    )


def working_of(choice: Mapping[str, Any]) -> stats.WorkingRange | None:
    """The range of a chosen setting that works; None where it is not one of numbers."""
    values = [number(value) for value in _values(choice)]
    scores = _scores(choice.get("scores"))
    if None in values or len(values) != len(scores) or len(values) < 2:
        return None
    known = {v: s for v, s in zip(values, scores, strict=True) if v is not None}
    return stats.working_range(known)


def _grid_row(grid: Mapping[str, Any]) -> tuple[str, str, str, str]:
    points = [p for p in _list(grid.get("points")) if isinstance(p, Mapping)]
    scores = _scores(grid.get("scores"))
    names = list(points[0]) if points else []
    label = lambda point: " × ".join(str(dig(point, name)) for name in names)
    chosen = label(grid.get("chosen")) or "–"
    labels = [label(point) for point in points]
    return " × ".join(map(_short, names)), chosen, "–", _tried(labels, scores)


def _tried(values: list[Any], scores: list[float | None]) -> str:
    return "   ".join(
        f"{value}: {'–' if score is None else f'{score:.3f}'}"
        for value, score in zip(values, scores, strict=False)
    )


def _short(setting: Any) -> str:
    return str(setting).split(".")[-1].replace("_", " ")


def _values(choice: Mapping[str, Any]) -> list[Any]:
    return _list(dig(choice, "values"))


def _scores(scores: Any) -> list[float | None]:
    return [number(score) for score in _list(scores)]


def _list(items: Any) -> list[Any]:
    return items if isinstance(items, list) else []
