"""Losses of language models over training, and over a run on their own samples."""

from collections.abc import Mapping, Sequence
from math import log2
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lib.report import figure as base
from lib.report.language import ModelTexts, Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND = {"loc": "outside upper left", "frameon": False, "fontsize": 8.5}
NOTE = {"fontsize": 7.5, "color": base.GREY, "va": "bottom"}
FREE_DASH = (0, (3, 1.3))


def draw_curves(
    models: Sequence[ModelTexts],
    looks: Mapping[str, base.Look],
    unit: Unit,
    narrow: bool,
) -> "Figure":
    """Training beside validation loss by step, every seed thin and the mean thick."""
    figure = base.new_figure(4.2 if narrow else 10.5, 6.6 if narrow else 3.8)
    panels = figure.subplots(2 if narrow else 1, 1 if narrow else 2, sharey=True)
    titles = {"train": "training", "validation": "validation"}
    for axes, split in zip(panels, titles, strict=True):
        for model in models:
            look = looks[model.label]
            seeds = [c[split] for c in model.curves.values() if split in c]
            for curve in seeds:
                axes.plot(
                    list(curve), list(curve.values()), **_thin(look, len(seeds) > 1)
                )
            if mean := _mean(seeds):
                axes.plot(
                    list(mean), list(mean.values()), **_thick(look), label=model.label
                )
        axes.set_title(titles[split], loc="left", fontsize=9)
        axes.set_xlabel("step")
        if narrow or split == "train":
            axes.set_ylabel(f"loss (nats a {unit.name})")
    _with_measure(panels[-1], unit)
    figure.legend(*panels[-1].get_legend_handles_labels(), ncols=4, **LEGEND)
    return figure


def draw_free_running(
    models: Sequence[ModelTexts],
    looks: Mapping[str, base.Look],
    unit: Unit,
    floor: float | None,
    narrow: bool,
) -> "Figure":
    """Loss by symbols since the last true one: true pasts solid, own samples dashed."""
    figure = base.new_figure(4.2 if narrow else 7.5, 4.4 if narrow else 4.0)
    axes = figure.subplots()
    longest = 1
    for model in models:
        look = looks[model.label]
        for losses, dash in ((model.forced, "-"), (model.free, FREE_DASH)):
            seeds = [binned(curve) for curve in losses.values()]
            for curve in seeds:
                style = {**_thin(look, len(seeds) > 1), "linestyle": dash}
                axes.plot([log2(j) for j in curve], list(curve.values()), **style)
            if mean := _mean(seeds):
                style = {**_thick(look), "linestyle": dash, **_mark(look)}
                if dash == "-":
                    style["label"] = model.label
                axes.plot([log2(j) for j in mean], list(mean.values()), **style)
                longest = max(longest, *(len(c) for c in losses.values()))
    for dash, name in (("-", "reads the true text"), (FREE_DASH, "its own samples")):
        axes.plot([], [], color=base.INK, linestyle=dash, label=name)
    if floor is not None:
        axes.axhline(floor, color=base.GREY, linewidth=0.8)
        place = log2(longest)
        axes.text(place, floor, "floor: ignores its input", ha="right", **NOTE)
    ticks = [2**i for i in range(longest.bit_length())]
    base.label_lengths(axes, ticks, most=6 if narrow else 12)
    axes.set_xlabel(f"{unit.name}s from the last true one on")
    axes.set_ylabel(f"loss of the true next {unit.name} (nats)")
    columns = 2 if narrow else 5
    figure.legend(*axes.get_legend_handles_labels(), ncols=columns, **LEGEND)
    return figure


def binned(losses: Sequence[float]) -> dict[float, float]:
    """Means of losses over spans that grow by half octaves, by each span's middle.

    The loss at place 0 is of the first symbol, and stands at 1.
    """
    edges = sorted({round(2 ** (i / 2)) for i in range(2 * len(losses).bit_length())})
    edges = [edge for edge in edges if edge <= len(losses)]
    stops = [*edges[1:], len(losses) + 1]
    spans = zip(edges, stops, strict=True)
    return {((a * (b - 1)) ** 0.5): fmean(losses[a - 1 : b - 1]) for a, b in spans}


def _mean(curves: Sequence[Mapping[Any, float]]) -> dict[float, float]:
    """The mean over seeds wherever every seed has a value."""
    shared = set.intersection(*(set(curve) for curve in curves)) if curves else set()
    return {x: fmean(curve[x] for curve in curves) for x in sorted(shared)}


def _thin(look: base.Look, is_one_of_several: bool) -> dict:
    alpha = 0.5 if is_one_of_several else 0.0
    return {"color": look.colour, "linewidth": 0.6, "alpha": alpha}


def _thick(look: base.Look) -> dict:
    return {"color": look.colour, "linewidth": 1.8, "linestyle": look.dash}


def _mark(look: base.Look) -> dict:
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.6}
    return {"marker": look.marker, "markersize": look.size, **edge}


def _with_measure(axes: "Axes", unit: Unit) -> None:
    """A second axis, at the right, in the unit that the field reports."""
    low, high = axes.get_ylim()
    right = axes.twinx()
    right.spines.right.set_visible(True)
    right.set_ylim(low, high)
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    right.set_yticks(ticks, [f"{unit.of_nats(t):.{unit.digits - 1}f}" for t in ticks])
    right.set_ylabel(unit.measure)
