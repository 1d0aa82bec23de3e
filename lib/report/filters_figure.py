"""Errors against the number of filters, on log axes: every seed, mean, interval."""

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.filters import Learner

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LEAST = 0.01  # percent: where a run without an error is drawn


def draw_filters_sweep(learners: Sequence[Learner], narrow: bool) -> "Figure":
    """Wrong answers in a hundred; one line for each way to come by filters."""
    figure = base.new_figure(4.2 if narrow else 7.6, 3.9)
    axes = figure.subplots()
    looks = base.looks(learner.label for learner in learners)
    for learner in learners:
        _draw(axes, learner, looks[learner.label])
    counts = sorted({n for learner in learners for n in learner.seeds})
    base.label_lengths(axes, counts, most=9)
    low, high = _ends(learners)
    axes.set_yscale("log")
    axes.set_ylim(0.8 * low, 1.25 * high)
    axes.set_yticks([tick for tick in _TICKS if 0.8 * low <= tick <= 1.25 * high])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.set_xlabel("number of filters (log scale)")
    axes.set_ylabel("wrong of 100 test pictures (log scale)")
    axes.legend(frameon=False, fontsize=9, loc="upper right", handlelength=3.2)
    return figure


def _draw(axes: "Axes", learner: Learner, look: base.Look) -> None:
    mean = {n: errors(accuracy) for n, accuracy in learner.mean().items()}
    places = [log2(n) for n in mean]
    for n, values in learner.seeds.items():
        axes.plot(
            [log2(n)] * len(values), [errors(v) for v in values], linestyle="",
            marker=look.marker, markersize=3, color=look.colour, alpha=0.4,
        )  # fmt: skip
    if all(len(values) >= stats.MIN_SEEDS for values in learner.seeds.values()):
        bounds = [stats.mean_interval(learner.seeds[n]) for n in mean]
        axes.fill_between(
            places, [errors(b.high) for b in bounds], [errors(b.low) for b in bounds],
            color=look.colour, alpha=0.2, linewidth=0,
        )  # fmt: skip
    axes.plot(
        places, list(mean.values()), color=look.colour, linestyle=look.dash,
        marker=look.marker, markersize=look.size, markeredgecolor="white",
        markeredgewidth=0.6, linewidth=1.8, label=f"{learner.label} filters",
    )  # fmt: skip


def errors(accuracy: float) -> float:
    """Wrong answers in a hundred, for a log axis: never 0."""
    return max(100 * (1 - accuracy), _LEAST)


def _ends(learners: Sequence[Learner]) -> tuple[float, float]:
    seeds = [v for one in learners for values in one.seeds.values() for v in values]
    return errors(max(seeds)), errors(min(seeds))
