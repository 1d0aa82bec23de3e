"""How far each model remembers: every seed's horizon, the median and its interval."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.knob import unit_text
from lib.report.score import ModelScores, knob_of_models, lengths_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_horizons(
    models: Sequence[ModelScores], looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """One row a model, the longest memory on top; censored values at both ends."""
    figure = base.new_figure(4.2 if narrow else 8.0, 0.42 * len(models) + 0.8)
    axes = figure.subplots()
    lengths = lengths_of(models)
    for row, model in enumerate(models):
        axes.axhline(row, color="#ececec", linewidth=0.8, zorder=0)
        _row(axes, row, model, looks[model.label])
    first, last = log2(lengths[0]), log2(lengths[-1])
    left, right = first - 1.4, last + 0.5
    places = [first - 1, *(log2(t) for t in lengths)]
    labels = [f"< {lengths[0]}", *map(str, lengths[:-1]), f"≥ {lengths[-1]}"]
    shown = base.labels_apart(places, labels, most=7 if narrow else 14)
    axes.set_xticks(places, shown)
    axes.set_xlim(left, right)
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.set_yticks(range(len(models)), [_name(model) for model in models])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    unit = unit_text(knob_of_models(models))
    seen = "; upright stroke: what a model sees"
    fields = [model.receptive_field for model in models if model.receptive_field]
    strokes = any(left <= log2(field) <= right for field in fields)
    axes.set_xlabel(f"horizon ({unit}{seen if strokes else ''})")
    return figure


def place(horizon: stats.Horizon) -> float:
    """Where a horizon stands, in octaves; below all lengths, one octave to the left."""
    if horizon.position < 0:
        return log2(horizon.lengths[0]) - 1
    return log2(horizon.lengths[horizon.position])


def _name(model: ModelScores) -> str:
    known, planned = len(model.horizons), len(model.seeds)
    short = "" if known == planned else f" ({known} of {planned} seeds)"
    return model.label + short


def _row(axes: "Axes", row: int, model: ModelScores, look: base.Look) -> None:
    horizons = list(model.horizons.values())
    if model.receptive_field:
        field = log2(model.receptive_field)
        axes.plot([field, field], [row - 0.4, row - 0.16], color=base.INK, lw=1.6)
    if not horizons:
        return
    if len(horizons) >= stats.MIN_SEEDS:
        low, high = stats.median_horizon_interval(horizons)
        axes.plot(
            [place(low), place(high)], [row, row], color=look.colour, lw=5, alpha=0.25
        )
    stacks: dict[float, int] = {}
    for horizon in sorted(horizons):
        stacks[place(horizon)] = stacks.get(place(horizon), 0) + 1
    for x, count in stacks.items():
        step = min(0.1, 0.8 / count)
        xs = [x + step * (i - (count - 1) / 2) for i in range(count)]
        axes.plot(xs, [row + 0.24] * count, ".", color=look.colour, markersize=5)
    axes.plot(
        place(stats.median_horizon(horizons)),
        row,
        look.marker,
        color=look.colour,
        markersize=look.size + 3,
        markeredgecolor="white",
        zorder=4,
    )
