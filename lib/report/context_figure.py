"""Loss against the context a text model sees, and what more of it would still give."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.context import ModelLosses
from lib.report.language import Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 1e-3  # nats: the lower end of the right panel's log axis
NOTE = {"fontsize": 7.5, "color": base.GREY, "va": "bottom"}
DECADES = (0.001, 0.01, 0.1, 1.0)


def draw_context(
    models: Sequence[ModelLosses],
    looks: Mapping[str, base.Look],
    unit: Unit,
    narrow: bool,
) -> "Figure":
    """Loss by context beside its excess over the longest context, on a log axis."""
    figure = base.new_figure(4.2 if narrow else 10.5, 6.6 if narrow else 3.8)
    left, right = figure.subplots(2 if narrow else 1, 1 if narrow else 2)
    ends = []
    for model in models:
        look, curve = looks[model.label], model.mean_curve()
        for loss in model.context.values():
            _line(left, loss, look, is_mean=False)
            _line(right, _excess(loss), look, is_mean=False)
        if curve:
            _line(left, curve, look, is_mean=True)
            _line(right, _excess(curve), look, is_mean=True)
            ends.append((curve[max(curve)], model.label, look.colour))
        _mark_effective(right, model, look)
    longest = max((k for model in models for k in model.mean_curve()), default=1)
    _frame(left, models, unit)
    _frame(right, models, unit)
    floor = max((m.floor for m in models if m.floor is not None), default=None)
    if floor is not None:
        left.axhline(floor, color=base.GREY, linewidth=0.8)
        place = log2(longest)
        left.text(place, floor, "floor: ignores its input", ha="right", **NOTE)
    low, high = left.get_ylim()
    base.spread_labels(left, log2(longest), ends, 0.065 * (high - low), (low, high))
    left.set_ylabel(f"validation loss (nats a {unit.name})")
    right.set_yscale("log")
    right.set_yticks(DECADES, [f"{decade:g}" for decade in DECADES])
    right.minorticks_off()
    right.set_ylim(bottom=LEAST)
    right.axhline(stats.NEAR_FULL, color=base.GREY, linewidth=0.8, linestyle=":")
    right.text(0, stats.NEAR_FULL, f"{stats.NEAR_FULL:g} nats", **NOTE)
    right.set_ylabel("excess over the longest context (nats)")
    return figure


def _excess(curve: Mapping[int, float]) -> dict[int, float]:
    limit = curve[max(curve)]
    return {k: max(v - limit, LEAST) for k, v in curve.items() if k != max(curve)}


def _line(
    axes: "Axes", curve: Mapping[int, float], look: base.Look, is_mean: bool
) -> None:
    axes.plot(
        [log2(k) for k in curve],
        list(curve.values()),
        color=look.colour,
        linestyle=look.dash if is_mean else "-",
        marker=look.marker if is_mean else "",
        linewidth=1.8 if is_mean else 0.6,
        alpha=1.0 if is_mean else 0.5,
        markersize=look.size,
        markeredgecolor="white",
        markeredgewidth=0.6,
    )


def _mark_effective(axes: "Axes", model: ModelLosses, look: base.Look) -> None:
    horizons = list(model.effective.values())
    if not horizons:
        return
    middle = stats.median_horizon(horizons)
    axes.axvline(
        log2(middle.lengths[middle.position]),
        color=look.colour,
        linestyle=look.dash,
        linewidth=0.9,
    )


def _frame(axes: "Axes", models: Sequence[ModelLosses], unit: Unit) -> None:
    ticks = sorted({k for model in models for k in model.mean_curve()})
    base.label_lengths(axes, ticks, most=12)
    axes.set_xlabel(f"last {unit.name}s seen")
