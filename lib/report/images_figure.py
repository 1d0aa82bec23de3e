"""Errors of classifiers of pictures by model, with every seed."""

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from lib.report import figure as base
from lib.report.classification import ModelAnswers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def draw_errors(
    models: Sequence[ModelAnswers],
    floor: float | None,
    num_tested: int,
    narrow: bool,
) -> "Figure":
    """One row a model: each seed's wrong answers in a hundred, their mean a stroke.

    The scale is logarithmic; a seed without a wrong answer stands at half a picture.
    """
    figure = base.new_figure(
        4.2 if narrow else 8.0, 0.9 + (0.34 if narrow else 0.38) * len(models)
    )
    axes = figure.subplots()
    looks = base.looks(model.label for model in models)
    least = 50 / max(1, num_tested)
    shown: list[float] = []
    for row, model in enumerate(models):
        errors = [max(100 * (1 - v), least) for v in model.at(model.longest)]
        if not errors:
            continue
        shown += errors
        look = looks[model.label]
        mean = fmean(errors)
        # Equal errors of two seeds stand one above the other.
        count = len(errors)
        rows = [row + 0.4 * ((i + 1) / (count + 1) - 0.5) for i in range(count)]
        axes.plot(
            errors, rows, linestyle="none", marker=look.marker,
            color=look.colour, markersize=look.size + 1, markeredgecolor="white",
            markeredgewidth=0.6, zorder=3, clip_on=False,
        )  # fmt: skip
        axes.plot([mean, mean], [row - 0.32, row + 0.32], color=look.colour,
                  linewidth=1.6, zorder=2)  # fmt: skip
    right = 100 * (1 - floor) if floor is not None else max(shown, default=100.0)
    axes.set_xscale("log")
    low, high = min(shown, default=least) / 1.5, right * 1.25
    axes.set_xlim(low, high)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(models)), [model.label for model in models])
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.grid(axis="x", color="#ececec", linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    if floor is not None:
        axes.axvline(right, color=base.GREY, linewidth=1.0, linestyle=(0, (2, 2)))
        axes.annotate(
            "floor", (right, -0.6), (-3, -2), textcoords="offset points", ha="right",
            va="top", fontsize=7.5, color=base.GREY,
        )  # fmt: skip
    axes.set_xlabel("test pictures answered wrong (%, log scale)")
    return figure
