"""Accuracy against the number of filters: every seed, the mean, its interval."""

from collections.abc import Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.filters import Learner

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_filters_sweep(
    learners: Sequence[Learner], floor: float | None, narrow: bool
) -> "Figure":
    """One line for each way to come by filters, on a log axis of their number."""
    figure = base.new_figure(4.2 if narrow else 7.6, 3.9)
    axes = figure.subplots()
    looks = base.looks(learner.label for learner in learners)
    for learner in learners:
        _draw(axes, learner, looks)
    counts = sorted({n for learner in learners for n in learner.seeds})
    base.label_lengths(axes, counts, most=9)
    if floor is not None:
        axes.axhline(floor, color=base.RULE, linewidth=1)
        axes.text(log2(counts[-1]), floor, "floor: reads nothing", fontsize=7.5,
                  color=base.GREY, va="bottom", ha="right")  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("number of filters")
    axes.set_ylabel("test accuracy")
    axes.legend(frameon=False, fontsize=9, loc="lower right", handlelength=3.2,
                bbox_to_anchor=(1, 0.16))  # fmt: skip
    return figure


def _draw(axes: "Axes", learner: Learner, looks: Mapping[str, base.Look]) -> None:
    look, mean = looks[learner.label], learner.mean()
    places = [log2(n) for n in mean]
    for n, values in learner.seeds.items():
        axes.plot(
            [log2(n)] * len(values), values, linestyle="", marker=look.marker,
            markersize=3, color=look.colour, alpha=0.35,
        )  # fmt: skip
    if all(len(values) >= stats.MIN_SEEDS for values in learner.seeds.values()):
        bounds = [stats.mean_interval(learner.seeds[n]) for n in mean]
        axes.fill_between(
            places, [b.low for b in bounds], [b.high for b in bounds],
            color=look.colour, alpha=0.2, linewidth=0,
        )  # fmt: skip
    axes.plot(
        places, list(mean.values()), color=look.colour, linestyle=look.dash,
        marker=look.marker, markersize=look.size, markeredgecolor="white",
        markeredgewidth=0.6, linewidth=1.8, label=learner.label,
    )  # fmt: skip
