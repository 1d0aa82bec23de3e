"""A battery in pictures: scores by model and task, and curves task by task."""

from collections.abc import Mapping
from math import ceil, log2, nan
from typing import TYPE_CHECKING, Any

from lib import stats
from lib.report import figure as base
from lib.report.battery import Battery, BatteryTask, strata
from lib.report.knob import knob_text, unit_text
from lib.report.reference import draw_references, references
from lib.report.score_figure import SCORE_LABEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = (0.03, 0.87)  # of the colour map: at a score of 0, and from there to 1
WHITE_FROM = 0.7  # scores whose cell is dark enough for white text


def draw_summary(
    battery: Battery, looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """Models x tasks: score as a shade with the median horizon, the IQM beside it."""
    rows, columns = len(battery.labels), len(battery.tasks)
    tall = 0.4 * rows + 2.0
    if narrow:
        figure = base.new_figure(4.2, 2 * tall)
        grid, means = figure.subplots(2, 1)
    else:
        figure = base.new_figure(10.5, tall)
        grid, means = figure.subplots(
            1, 2, width_ratios=[columns, max(2.2, 0.35 * columns)]
        )
    _grid(grid, battery, narrow)
    _means(means, battery, looks)
    if not narrow:
        means.set_yticklabels([])
    return figure


def draw_tasks(
    battery: Battery, looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """One panel a task: every seed thin, every model's mean with its name."""
    num_columns = 1 if narrow else min(3, len(battery.tasks))
    num_rows = ceil(len(battery.tasks) / num_columns)
    height = max(2.5, 0.155 * len(battery.labels) + 0.7)
    figure = base.new_figure(4.2 if narrow else 10.5, height * num_rows + 0.4)
    panels = figure.subplots(num_rows, num_columns, sharey=True, squeeze=False)
    for axes, task in zip(panels.flat, battery.tasks, strict=False):
        _task(axes, task, looks, height)
    for axes in list(panels.flat)[len(battery.tasks) :]:
        axes.set_axis_off()
    figure.supylabel(SCORE_LABEL, fontsize=9)
    return figure


def _grid(axes: "Axes", battery: Battery, narrow: bool) -> None:
    from matplotlib import colormaps

    shades = colormaps["Blues"]
    for row, label in enumerate(battery.labels):
        for column, task in enumerate(battery.tasks):
            areas = list(task.areas(label).values())
            if not areas:
                axes.text(column, row, "–", ha="center", va="center", color=base.GREY)
                continue
            score = sum(areas) / len(areas)
            axes.fill_between(
                [column - 0.47, column + 0.47], row - 0.46, row + 0.46,
                color=shades(SHADES[0] + SHADES[1] * score), linewidth=0,
            )  # fmt: skip
            horizons = list(task.models[label].horizons.values())
            text = f"{score:.2f}"
            if horizons:
                text = base.pretty(str(stats.median_horizon(horizons)))
            axes.text(
                column, row, text.replace(" ", ""), ha="center", va="center",
                fontsize=6.5 if narrow else 8.5,
                color="white" if score >= WHITE_FROM else base.INK,
            )  # fmt: skip
    names = [task_name(task) for task in battery.tasks]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="left")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(battery.labels)), battery.labels)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(battery.labels) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _ability_names(axes, battery)
    _shade_key(axes, battery, shades)


def task_name(task: BatteryTask) -> str:
    """A task with what its horizon counts."""
    return f"{task.name} ({unit_text(task.knob)})"


def _shade_key(axes: "Axes", battery: Battery, shades: Any) -> None:
    """What the shades of the fields say, below them."""
    bottom, scores = len(battery.labels) + 0.45, (0.0, 0.25, 0.5, 0.75, 1.0)
    axes.text(
        -0.5, bottom, "area under the scores", fontsize=7.5, va="center",
        color=base.INK, clip_on=False,
    )  # fmt: skip
    step = 0.075 * len(battery.tasks)
    for i, score in enumerate(scores):
        left = -0.5 + 0.27 * len(battery.tasks) + step * i
        axes.fill_between(
            [left, left + 0.92 * step], bottom - 0.22, bottom + 0.22,
            color=shades(SHADES[0] + SHADES[1] * score), linewidth=0, clip_on=False,
        )  # fmt: skip
        axes.text(
            left + 0.46 * step, bottom, f"{score:g}", fontsize=7, ha="center",
            va="center", color="white" if score >= WHITE_FROM else base.INK,
            clip_on=False,
        )  # fmt: skip


def _ability_names(axes: "Axes", battery: Battery) -> None:
    """Brackets under the tasks that ask for one ability."""
    bottom = len(battery.labels) - 0.5
    start = 0
    for ability in battery.abilities:
        count = len(battery.of(ability))
        ends = [start - 0.42, start + count - 0.58]
        height = bottom + 0.16
        axes.plot(ends, [height] * 2, color=base.GREY, linewidth=1.2, clip_on=False)
        axes.text(
            sum(ends) / 2, bottom + 0.26, ability, ha="center", va="top", fontsize=8,
            color=base.INK, clip_on=False, wrap=False,
        )  # fmt: skip
        start += count


def _means(axes: "Axes", battery: Battery, looks: Mapping[str, base.Look]) -> None:
    for row, label in enumerate(battery.labels):
        axes.axhline(row, color="#ececec", linewidth=0.8, zorder=0)
        values = strata(battery.tasks, label)
        if not values:
            continue
        look = looks[label]
        pooled = [value for task in values for value in task]
        if min(map(len, values)) >= stats.MIN_SEEDS:
            low, high = stats.iqm_interval(values)
            axes.plot([low, high], [row] * 2, color=look.colour, lw=5, alpha=0.25)
        axes.plot(
            stats.interquartile_mean(pooled), row, look.marker, color=look.colour,
            markersize=look.size + 2, markeredgecolor="white", zorder=4,
        )  # fmt: skip
    axes.set_yticks(range(len(battery.labels)), battery.labels)
    axes.set_ylim(len(battery.labels) - 0.5, -0.5)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("IQM over all tasks")


def _task(
    axes: "Axes", task: BatteryTask, looks: Mapping[str, base.Look], height: float
) -> None:
    xs = [log2(length) for length in task.lengths]
    axes.axhline(0, color=base.RULE, linewidth=0.8)
    axes.axhline(1, color=base.RULE, linewidth=0.8)
    axes.axhline(stats.THRESHOLD, color=base.FAINT, linewidth=0.8, linestyle=":")
    draw_references(axes, references(list(task.models.values())))
    ends = []
    for label, model in task.models.items():
        look, curve = looks[label], model.mean_curve()
        for seed in model.seeds:
            scores = model.scores.get(seed, {})
            ys = [scores.get(length, nan) for length in task.lengths]
            axes.plot(xs, ys, color=look.colour, linewidth=0.5, alpha=0.4)
            axes.plot(xs, ys, ".", color=look.colour, markersize=2, alpha=0.4)
        axes.plot(
            xs, [curve.get(length, nan) for length in task.lengths],
            color=look.colour, linestyle=look.dash, marker=look.marker, linewidth=1.6,
            markersize=look.size - 0.5, markeredgecolor="white", markeredgewidth=0.5,
            zorder=4,
        )  # fmt: skip
        if curve:
            ends.append((curve[max(curve)], label, look.colour))
    base.label_lengths(axes, task.lengths, most=6)
    axes.set_ylim(-0.08, 1.1)
    axes.set_yticks([0, 0.5, 1])
    axes.tick_params(labelleft=True)
    axes.set_xlabel(knob_text(task.knob), fontsize=8)
    # A label is 0.15 inches high; the axes span 1.18 in about 0.8 inches less.
    gap = 1.18 * 0.15 / (height - 0.8)
    unit = (xs[-1] - xs[0]) / 3 or 1.0  # leaders as wide whatever the axis spans
    base.spread_labels(axes, xs[-1], ends, gap, (-0.04, 1.06), unit)
    axes.set_xlim(xs[0] - 0.15 * unit, xs[-1] + 0.15 * unit)
    ability = f"  {task.ability}" if task.ability else ""
    axes.set_title(task.name, loc="left", fontsize=9, fontweight="bold")
    axes.set_title(ability, loc="right", fontsize=8.5, color=base.GREY)
