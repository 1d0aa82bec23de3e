"""All tasks of a battery on the page: aggregates, comparisons, curves and costs."""

from collections.abc import Mapping
from pathlib import Path

from lib import stats
from lib.report.battery import Battery
from lib.report.battery_comparison import comparison_table, task_comparison_table
from lib.report.battery_figure import draw_summary, draw_tasks
from lib.report.battery_table import (
    aggregate_table,
    area_table,
    horizon_table,
    solved_table,
)
from lib.report.cost_figure import draw_costs
from lib.report.figure import Look, save_drawing
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.reference import reference_caption, references
from lib.report.table import Table

MANY = 30  # more rows are folded away
SUMMARY_CAPTION = (
    "Left: the median horizon of each model (rows) on each task (columns), in tokens "
    "or in what the task's name says; the darker, the larger the area under its scores "
    "on log2(length), from 0 (floor) to 1 (optimum). Right: the interquartile mean of "
    "that area over all tasks and seeds, with its 95 % stratified bootstrap interval "
    "(bar, from 5 seeds a task up). Rows are sorted by it, which is no ranking: see "
    "which models differ."
)
TASKS_CAPTION = (
    "Score against length or load, one panel a task: every seed thin, the mean over "
    "seeds thick and named at its end. Axes are logarithmic. 0 is the floor, what a "
    "predictor reaches that ignores its input; dotted at 0.9: solved."
)
COST_CAPTION = (
    "Interquartile mean over all tasks against what a model costs, each the median "
    "over tasks, on log axes; up and left is better. Bars: 95 % stratified bootstrap "
    "intervals. A model without a state has no point in the last panel."
)


def battery_tables(battery: Battery) -> list[Table]:
    """Every table of a battery, in the order of the page."""
    return [
        aggregate_table(battery),
        area_table(battery),
        horizon_table(battery),
        comparison_table(battery),
        task_comparison_table(battery),
        solved_table(battery),
    ]


def battery_markup(
    stem: str, battery: Battery, styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The tables and figures of a battery; the latter are written into `figures`."""
    said = "; ".join(
        f"{label}: {cells[1].text}"
        for label, cells in zip(
            battery.labels, aggregate_table(battery).rows, strict=True
        )
    )
    looks = {label: styles[label] for label in battery.labels}
    summary, tasks, costs = (
        save_drawing(
            figures,
            f"{stem}-{kind}",
            lambda narrow, draw=draw: draw(battery, looks, narrow),
            f"{title}. Interquartile means over all tasks: {said}.",
        )
        for kind, title, draw in (
            ("summary", "Score by model and task", draw_summary),
            ("tasks", "Score against length, every seed, by task", draw_tasks),
            ("cost", "Score over all tasks against cost", draw_costs),
        )
    )
    lines = [r for t in battery.tasks for r in references(list(t.models.values()))]
    aggregate, area, horizon, pairs, by_task, solved = battery_tables(battery)
    return [
        figure_markup(summary, SUMMARY_CAPTION),
        table_markup(aggregate),
        _folded(pairs, len(pairs.rows) > MANY),
        figure_markup(tasks, TASKS_CAPTION + reference_caption(lines)),
        table_markup(area),
        table_markup(horizon),
        _folded(by_task, True),
        table_markup(solved),
        figure_markup(costs, COST_CAPTION),
    ]


def verdict_text(battery: Battery) -> str:
    """How many pairs of models the runs can tell apart, in one sentence."""
    rows = comparison_table(battery).rows
    told = sum(row[4].text != "cannot tell" for row in rows)
    return (
        f"{told} of {len(rows)} pairs of models differ at {1 - stats.LEVEL:.2g} "
        "(sign-flip test, Holm); of the others the runs cannot tell."
    )


def _folded(table: Table, is_long: bool) -> Child:
    if not is_long:
        return table_markup(table)
    summary = element("summary", f"{table.title}: {len(table.rows)} pairs")
    return element("details", summary, table_markup(table, titled=False))
