"""Accuracy against how many words are read, and which classes are taken for which."""

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from lib.report import figure as base
from lib.report.classification import Beside, ModelAnswers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BESIDE_DASHES = ((0, (4, 2)), (0, (1, 1.5)), (0, (6, 1.5, 1, 1.5)))
_FEW_CLASSES = 25  # more names than that cannot be read beside a table


def draw_words_read(
    models: Sequence[ModelAnswers],
    beside: Sequence[Beside],
    floor: float | None,
    metric: str,
    unit: str,
    narrow: bool,
    thing: str = "text",
) -> "Figure":
    """Every replicate thin, the mean of a model thick; TF-IDF and the floor in grey."""
    figure = base.new_figure(4.2 if narrow else 8.4, 3.8 if narrow else 4.2)
    axes = figure.subplots()
    looks = base.looks(model.label for model in models)
    ends: list[tuple[float, str, str]] = []
    lengths = sorted({n for model in models for n in model.mean_curve()})
    for method, dash in zip(beside, BESIDE_DASHES * len(beside), strict=False):
        curve = {n: v for n, v in method.curve.items() if n in lengths}
        if curve:
            axes.plot(
                [log2(n) for n in curve], list(curve.values()),
                color=base.GREY, linestyle=dash, linewidth=1.3, zorder=2,
            )  # fmt: skip
            ends.append((curve[max(curve)], method.name, base.GREY))
    for model in models:
        look = looks[model.label]
        for curve in model.values.values():
            axes.plot(
                [log2(n) for n in curve], list(curve.values()),
                color=look.colour, linewidth=0.6, alpha=0.5, zorder=3,
            )  # fmt: skip
        mean = model.mean_curve()
        if mean:
            axes.plot(
                [log2(n) for n in mean], list(mean.values()), color=look.colour,
                linestyle=look.dash, marker=look.marker, linewidth=1.8, zorder=4,
                markersize=look.size, markeredgecolor="white", markeredgewidth=0.6,
            )  # fmt: skip
            ends.append((mean[max(mean)], model.label, look.colour))
    if floor is not None and lengths:
        axes.axhline(floor, color=base.RULE, linewidth=1)
        axes.text(log2(lengths[0]), floor, "floor: reads nothing", fontsize=7.5,
                  color=base.GREY, va="bottom")  # fmt: skip
    base.label_lengths(axes, lengths, most=6 if narrow else 12)
    low, high = axes.get_ylim()
    low, high = max(0.0, low), min(1.0, high) + 0.02
    axes.set_ylim(low, high)
    if lengths:
        gap = (0.062 if narrow else 0.05) * (high - low)
        base.spread_labels(axes, log2(lengths[-1]), ends, gap, (low, high))
    axes.set_xlabel(f"{unit} read of each {thing}")
    axes.set_ylabel(f"test {metric}")
    return figure


def draw_confusion(model: ModelAnswers, narrow: bool) -> "Figure":
    """How often texts of a class (rows) were answered as each class (columns)."""
    counts = model.confusion
    assert counts is not None, "asked for by who has one"
    size = len(model.classes)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = 4.2 if narrow else min(8.0, 2.6 + 0.28 * size)
    figure = base.new_figure(side, side)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    axes.set_xlabel("answered")
    axes.set_ylabel("true class")
    for spine in axes.spines.values():
        spine.set_visible(False)
    if size > _FEW_CLASSES:
        return figure
    axes.set_xticks(range(size), model.classes, rotation=90, fontsize=7)
    axes.set_yticks(range(size), model.classes, fontsize=7)
    for i, j in np.argwhere(shares >= (0.005 if size > 6 else 0)).tolist():
        said = f"{100 * shares[i, j]:.0f}"
        ink = "white" if shares[i, j] > 0.5 else base.INK
        axes.text(j, i, said, ha="center", va="center", color=ink,
                  fontsize=(4.5 if narrow else 6.5) if size > 6 else 9)  # fmt: skip
    return figure
