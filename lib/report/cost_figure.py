"""What a score costs: the IQM over tasks against parameters, FLOPs and state."""

from collections.abc import Mapping
from math import floor, log10
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.battery import Battery, strata

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COSTS = {
    "parameters": "parameters",
    "flops_per_token": "FLOPs a token",
    "state_size": "state (numbers carried)",
}
GAP = 0.065  # between two names, in units of score
LIMITS = (-0.05, 1.08)


def draw_costs(
    battery: Battery, looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """One panel a cost, on a log axis; a model's height is the same in all of them."""
    figure = base.new_figure(4.2 if narrow else 10.5, 9.6 if narrow else 3.6)
    shape = (len(COSTS), 1) if narrow else (1, len(COSTS))
    panels = figure.subplots(*shape, sharey=True, squeeze=False).ravel()
    heights = {}
    for label in battery.labels:
        if values := strata(battery.tasks, label):
            pooled = [value for task in values for value in task]
            heights[label] = stats.interquartile_mean(pooled)
    for axes, (key, name) in zip(panels, COSTS.items(), strict=True):
        _panel(axes, battery, looks, heights, key)
        axes.set_xlabel(name)
        axes.tick_params(labelleft=True)
        if narrow or axes is panels[-1]:
            _names(axes, looks, heights)
    panels[len(panels) // 2 if narrow else 0].set_ylabel(
        "IQM of the scores of all tasks"
    )
    return figure


def _panel(
    axes: "Axes",
    battery: Battery,
    looks: Mapping[str, base.Look],
    heights: Mapping[str, float],
    key: str,
) -> None:
    axes.set_xscale("log")
    axes.set_ylim(*LIMITS)
    axes.set_yticks([0, 0.5, 1])
    costs = []
    for label, height in heights.items():
        axes.axhline(height, color="#ececec", linewidth=0.8, zorder=0)
        cost, look = battery.cost(label, key), looks[label]
        if not cost:  # no state at all has no place on a log axis
            continue
        costs.append(cost)
        values = strata(battery.tasks, label)
        if min(map(len, values)) >= stats.MIN_SEEDS:
            ends = stats.iqm_interval(values)
            axes.plot([cost] * 2, ends, color=look.colour, lw=4, alpha=0.25)
        axes.plot(
            cost, height, look.marker, color=look.colour, markersize=look.size + 2,
            markeredgecolor="white", zorder=4,
        )  # fmt: skip
    if costs:
        _label_costs(axes, log10(min(costs)), log10(max(costs)))


def _label_costs(axes: "Axes", low: float, high: float) -> None:
    """Ticks at 1, 2 and 5 of every decade; at least one decade is shown."""
    middle, half = (low + high) / 2, max(high - low, 1.0) / 2
    low, high = middle - 1.15 * half, middle + 1.15 * half
    factors = (1, 2, 5) if high - low < 2.2 else (1,)
    decades = range(floor(low), floor(high) + 1)
    ticks = [factor * 10.0**decade for decade in decades for factor in factors]
    ticks = [tick for tick in ticks if low <= log10(tick) <= high]
    axes.set_xlim(10**low, 10**high)
    axes.set_xticks(ticks, [_short(tick) for tick in ticks])
    axes.minorticks_off()


def _short(value: float) -> str:
    """A round number with a letter for its thousands, as 20k or 5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _names(
    axes: "Axes", looks: Mapping[str, base.Look], heights: Mapping[str, float]
) -> None:
    """The models' names beside the panel, at its height where there is room."""
    ordered = sorted(heights.items(), key=lambda item: item[1])
    gap = min(GAP, (LIMITS[1] - LIMITS[0]) / max(len(ordered), 1))
    places = [height for _, height in ordered]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    excess = max(places[-1] - LIMITS[1] + gap / 2, 0.0) if places else 0.0
    for i in reversed(range(len(places))):
        ceiling = places[i + 1] - gap if i + 1 < len(places) else places[i] - excess
        places[i] = min(places[i], ceiling)
    inside = axes.get_yaxis_transform()  # x in shares of the panel's width
    for (label, height), place in zip(ordered, places, strict=True):
        look = looks[label]
        line = {"color": look.colour, "linewidth": 0.7, "clip_on": False}
        axes.plot([1, 1.03, 1.05], [height, place, place], transform=inside, **line)
        axes.plot(
            1.075, place, look.marker, color=look.colour, transform=inside,
            markersize=look.size, markeredgecolor="white", clip_on=False,
        )  # fmt: skip
        axes.text(1.1, place, label, transform=inside, va="center", fontsize=8)
