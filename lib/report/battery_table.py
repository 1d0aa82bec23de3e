"""The tables of a battery: scores and horizons by task, aggregates."""

from collections.abc import Sequence

from lib import stats
from lib.report.battery import Battery, BatteryTask, strata
from lib.report.headline import horizon_cell, mean_cell, rate_cell
from lib.report.knob import unit_text
from lib.report.table import Cell, Table

AREA = (
    "Score: the area under a seed's normalised scores on log2(length), as a share of "
    "the full one; 0 is the floor, 1 the optimum at every length."
)
_COST_KEYS = ("parameters", "state_size", "flops_per_token")


def aggregate_table(battery: Battery) -> Table:
    """One row a model: the IQM over tasks and seeds, over all and by ability."""
    groups = {"all tasks": battery.tasks}
    if len(battery.abilities) > 1:
        groups |= {ability: battery.of(ability) for ability in battery.abilities}
    columns = ["model"]
    for name, tasks in groups.items():
        columns.append(f"{name} ({len(tasks)})" if len(groups) > 1 else name)
    rows = []
    for label in battery.labels:
        cells = [iqm_cell(strata(tasks, label)) for tasks in groups.values()]
        count = sum(bool(task.areas(label)) for task in battery.tasks)
        short = "short" if count < len(battery.tasks) else ""
        rows.append(
            (
                Cell(label),
                *cells,
                *(Cell(_count(battery.cost(label, key))) for key in _COST_KEYS),
                Cell(f"{count} of {len(battery.tasks)}", "", short),
            )
        )
    note = (
        f"{AREA} Interquartile mean over all runs of all tasks [95 % stratified "
        f"percentile bootstrap interval, from {stats.MIN_SEEDS} seeds a task up]; "
        "numbers of tasks in brackets. Costs: the median over tasks. Models stand in "
        "the order of their mean; which differences are more than chance is in the "
        "table of comparisons."
    )
    columns += ["parameters", "state size (numbers)", "FLOPs a token", "tasks"]
    return Table("All tasks together", tuple(columns), rows, note)


def area_table(battery: Battery) -> Table:
    """Models x tasks: the mean area under the curve, with its interval."""
    rows = [
        (Cell(label), *(_area_cell(task, label) for task in battery.tasks))
        for label in battery.labels
    ]
    note = (
        f"{AREA} Mean over seeds [95 % percentile bootstrap interval, from "
        f"{stats.MIN_SEEDS} seeds up]."
    )
    return Table("Score by task", task_columns(battery), rows, note)


def horizon_table(battery: Battery) -> Table:
    """Models x tasks: the median horizon, with its interval."""
    rows = []
    for label in battery.labels:
        cells = []
        for task in battery.tasks:
            model = task.models.get(label)
            cells.append(horizon_cell(list(model.horizons.values()) if model else []))
        rows.append((Cell(label), *cells))
    note = (
        "The longest length, or largest load, with a score of at least "
        f"{stats.THRESHOLD:g} at it and at every smaller one, median over seeds [95 % "
        "bootstrap interval]. At both ends the true value lies beyond those tested."
    )
    units = [f"{t.name} ({unit_text(t.knob)})" for t in battery.tasks]
    return Table("Horizon by task", ("model", *units), rows, note)


def solved_table(battery: Battery) -> Table:
    """Models x tasks: seeds that solve the longest length, Wilson's interval."""
    rows = []
    for label in battery.labels:
        cells = []
        for task in battery.tasks:
            model, longest = task.models.get(label), max(task.lengths)
            solved, total = (
                (model.solved(longest), len(model.at(longest))) if model else (0, 0)
            )
            tint = f"rate{round(4 * solved / total)}" if total else ""
            cells.append(rate_cell(solved, total)._replace(tint=tint))
        rows.append((Cell(label), *cells))
    note = (
        f"Seeds with a score of at least {stats.THRESHOLD:g} at the longest length or "
        "largest load of the task, of the seeds that ended [95 % Wilson interval]."
    )
    columns = (
        "model",
        *(f"{t.name} at {max(t.lengths)} {unit_text(t.knob)}" for t in battery.tasks),
    )
    return Table("Solved at the hardest", columns, rows, note)


def iqm_cell(values: Sequence[Sequence[float]]) -> Cell:
    pooled = [value for task in values for value in task]
    if not pooled:
        return Cell("–")
    text = f"{stats.interquartile_mean(pooled):.3f}"
    if min(map(len, values)) < stats.MIN_SEEDS:
        return Cell(text)
    low, high = stats.iqm_interval(values)
    return Cell(text, f"[{low:.3f}, {high:.3f}]")


def _area_cell(task: BatteryTask, label: str) -> Cell:
    values = list(task.areas(label).values())
    tint = f"rate{round(4 * sum(values) / len(values))}" if values else ""
    return mean_cell(values)._replace(tint=tint)


def task_columns(battery: Battery) -> tuple[str, ...]:
    names = [f"{t.name} ({t.ability})" if t.ability else t.name for t in battery.tasks]
    return ("model", *names)


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
