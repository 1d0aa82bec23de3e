"""A part of questions: the table of tasks, or memories of stories against length."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report import memory_part
from lib.report.collect import Run
from lib.report.figure import Look
from lib.report.markup import Child
from lib.report.page import table_markup
from lib.report.questions import (
    answer_table,
    has_tasks,
    kind_table,
    predictor_table,
    task_table,
)
from lib.report.table import Table


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    return task_table(runs) if has_tasks(runs) else memory_part.headline(runs)


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Tasks by model, or score against length with what simple predictors reach."""
    if has_tasks(runs):
        children: list[Child] = []
        tables = [task_table(runs), answer_table(runs)]
    else:
        children = memory_part.part_markup(stem, runs, styles, figures)
        tables = [kind_table(runs), predictor_table(runs), answer_table(runs)]
    return children + [table_markup(table) for table in tables if table is not None]
