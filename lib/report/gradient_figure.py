"""The gradient's way back: norms by lag on a log axis, and a heat map over training."""

from collections.abc import Mapping, Sequence
from math import ceil, isfinite, log10
from typing import TYPE_CHECKING

import numpy as np

from lib.report import figure as base
from lib.report.gradient import ModelGradients, Norms, decay_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 1e-14  # the lower end of the axes: far below any gradient that still teaches
LAG_LABEL = "lag T − t (steps back from the answer)"
NORM = "|∂E/∂hₜ|"
NORM_LABEL = f"{NORM}, E the last answer's loss"


def draw_gradients(
    models: Sequence[ModelGradients], looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """Before training beside after it: every seed thin, the median seed thick."""
    figure = base.new_figure(4.2 if narrow else 10.5, 8.6 if narrow else 4.9)
    panels = figure.subplots(
        2 if narrow else 1, 1 if narrow else 2, sharey=True, squeeze=False
    ).ravel()
    for axes, title, name in zip(
        panels, ("before training", "after training"), ("before", "after"), strict=True
    ):
        for model in models:
            _curves(axes, model.label, getattr(model, name), looks[model.label])
        axes.set_yscale("log")
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        axes.set_xlabel(LAG_LABEL)
        axes.set_ylabel(NORM_LABEL)
        axes.tick_params(labelleft=True)
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(lambda value, _: power(value))
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(-0.02, -0.15 if not narrow else -0.17),
            frameon=False,
            fontsize=8,
            handlelength=3.2,
            borderaxespad=0,
        )
    low, high = panels[0].get_ylim()
    panels[0].set_ylim(max(low, LEAST), high)
    return figure


def draw_heat(models: Sequence[ModelGradients], narrow: bool) -> "Figure":
    """One panel a model: log10 of the norm by training step and lag."""
    grids = {model.label: model.heat() for model in models}
    grids = {label: grid for label, grid in grids.items() if len(grid[0]) > 1}
    num_columns = min(2 if narrow else 5, len(grids))
    num_rows = ceil(len(grids) / num_columns)
    figure = base.new_figure(4.2 if narrow else 10.5, 2.3 * num_rows + 0.6)
    panels = figure.subplots(
        num_rows, num_columns, sharex=True, sharey=True, squeeze=False
    )
    finite = [g[np.isfinite(g)] for _, g in grids.values()]
    high = max((float(g.max()) for g in finite if g.size), default=0.0)
    low = min((float(g.min()) for g in finite if g.size), default=-1.0)
    low = max(low, float(np.log10(LEAST)))
    image = None
    for i, (label, (steps, grid)) in enumerate(grids.items()):
        axes = panels.flat[i]
        image = axes.pcolormesh(
            steps,
            np.arange(1, grid.shape[1] + 1),
            np.clip(np.nan_to_num(grid.T, nan=low), low, high),
            vmin=low,
            vmax=high,
            cmap="cividis",  # rises in lightness: it survives greyscale
            shading="nearest",
            rasterized=True,
        )
        axes.set_title(label, loc="left", fontsize=9)
        # With shared axes only the lowest panel of a column would carry the ticks.
        axes.tick_params(labelbottom=i + num_columns >= len(grids))
    for axes in list(panels.flat)[len(grids) :]:
        axes.set_axis_off()
    figure.supxlabel("training step", fontsize=9)
    figure.supylabel("lag T − t (steps)", fontsize=9)
    if image is not None:
        bar = figure.colorbar(
            image, ax=panels, label=f"log10 {NORM}", pad=0.01, aspect=30
        )
        bar.outline.set_visible(False)
    return figure


def power(value: float) -> str:
    """A power of ten as text: figures do not read mathematics."""
    exponent = str(round(log10(value))) if value > 0 else ""
    return "10" + exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _curves(
    axes: "Axes", label: str, norms: Mapping[int, Norms], look: base.Look
) -> None:
    shown = [
        [v if isfinite(v) and v > 0 else np.nan for v in n] for n in norms.values()
    ]
    for values in shown:
        lags = range(1, len(values) + 1)
        axes.plot(lags, values, color=look.colour, linewidth=0.7, alpha=0.45)
    if not shown:
        return
    least = min(map(len, shown))
    middle = np.median(np.array([values[:least] for values in shown]), axis=0)
    axes.plot(
        range(1, least + 1),
        middle,
        color=look.colour,
        linestyle=look.dash,
        marker=look.marker,
        markevery=(0, max(1, least // 8)),
        markersize=look.size,
        markeredgecolor="white",
        markeredgewidth=0.6,
        linewidth=1.8,
        label=f"{label}: {decay_text(dict(norms))}",
    )
