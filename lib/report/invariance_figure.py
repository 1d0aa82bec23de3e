"""Moved pictures: which layers change, and how well they are answered still."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.invariance import Curve, LayerChange, ModelInvariance, mean_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNITS = {"shift": "pixels", "rotation": "degrees"}
WORDS = {
    "shift": "picture moved by (pixels)",
    "rotation": "picture turned by (degrees)",
}
SHARE_LABEL = "share of active units that change"
_POOLING = ("pool", "maxout")


def draw_invariance(
    layers: Sequence[LayerChange],
    accuracy: Curve,
    num_pictures: int,
    floor: float,
    narrow: bool,
) -> "Figure":
    """One run: a line a layer, and beside it accuracy with its Wilson interval."""
    figure = base.new_figure(4.2 if narrow else 10.5, 8.2 if narrow else 4.4)
    left, right = figure.subplots(2 if narrow else 1, 1 if narrow else 2)
    _layer_lines(left, layers, "shift")
    _accuracy_frame(right, "shift", sorted(accuracy))
    look = base.looks(["accuracy"])["accuracy"]
    bounds = {
        n: stats.wilson_interval(round(v * num_pictures), num_pictures)
        for n, v in accuracy.items()
    }
    right.fill_between(
        list(bounds),
        [b.low for b in bounds.values()],
        [b.high for b in bounds.values()],
        color=base.FAINT,
        linewidth=0,
    )
    _line(right, accuracy, look, "accuracy")
    _floor(right, floor)
    return figure


def draw_models(
    models: Sequence[ModelInvariance],
    kind: str,
    looks: Mapping[str, base.Look],
    floor: float | None,
    narrow: bool,
) -> "Figure":
    """Accuracy against the distance: every seed thin, the mean thick, a 95 % band."""
    figure = base.new_figure(4.2 if narrow else 7.6, 4.6 if narrow else 4.0)
    axes = figure.subplots()
    distances = sorted({n for model in models for n in model.mean(kind)})
    _accuracy_frame(axes, kind, distances)
    for model in models:
        look, curves = looks[model.label], model.curves[kind]
        for curve in curves:
            axes.plot(
                list(curve), list(curve.values()),
                color=look.colour, linewidth=0.5, alpha=0.45, zorder=2,
            )  # fmt: skip
        _band(axes, curves, look)
        _line(axes, model.mean(kind), look, model.label)
    if floor is not None:
        _floor(axes, floor)
    axes.legend(
        frameon=False, fontsize=8, handlelength=3.2,
        loc="upper center" if narrow else "center left",
        bbox_to_anchor=(0.45, -0.16) if narrow else (1.01, 0.5),
    )  # fmt: skip
    return figure


def draw_layers(models: Sequence[ModelInvariance], kind: str, narrow: bool) -> "Figure":
    """One panel a model: the share of active units that change, layer by layer."""
    count = len(models)
    columns = 1 if narrow else min(2, count)
    rows = -(-count // columns)
    figure = base.new_figure(4.2 if narrow else 10.5, 3.3 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, model in zip(panels.flat, models, strict=False):
        _layer_lines(axes, model.changes(), kind)
        axes.set_title(model.label, loc="left", fontsize=9.5, fontweight="bold")
    for axes in list(panels.flat)[count:]:
        axes.set_axis_off()
    return figure


def _layer_lines(axes: "Axes", layers: Sequence[LayerChange], kind: str) -> None:
    """Detectors dashed, after their non-linearity; what pools bold and unbroken."""
    layers = [layer for layer in layers if not layer.name.startswith("conv")]
    looks = base.looks(layer.name for layer in layers)
    for layer in layers:
        look = looks[layer.name]
        is_pooled, curve = layer.name.startswith(_POOLING), layer.changed[kind]
        axes.plot(
            list(curve), list(curve.values()),
            color=look.colour, marker=look.marker, markersize=look.size,
            markeredgecolor="white", markeredgewidth=0.6,
            linestyle="-" if is_pooled else (0, (4, 1.5)),
            linewidth=2.2 if is_pooled else 1.2, label=layer.name,
        )  # fmt: skip
    axes.set_ylim(0, 1.02)
    distances = sorted({n for layer in layers for n in layer.changed[kind]})
    axes.set_xticks(distances)
    axes.set_xlabel(WORDS[kind])
    axes.set_ylabel(SHARE_LABEL)
    axes.tick_params(labelleft=True)
    axes.legend(
        frameon=False, fontsize=7.5, handlelength=3.2,
        loc="center left", bbox_to_anchor=(1.01, 0.5),
    )  # fmt: skip


def _accuracy_frame(axes: "Axes", kind: str, distances: Sequence[int]) -> None:
    axes.set_xticks(distances)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(WORDS[kind])
    axes.set_ylabel("test accuracy")


def _line(axes: "Axes", curve: Curve, look: base.Look, label: str) -> None:
    axes.plot(
        list(curve), list(curve.values()), color=look.colour, linestyle=look.dash,
        marker=look.marker, markersize=look.size, markeredgecolor="white",
        markeredgewidth=0.6, linewidth=1.8, label=label, zorder=4,
    )  # fmt: skip


def _band(axes: "Axes", curves: Sequence[Curve], look: base.Look) -> None:
    """The bootstrap interval of the mean over seeds, where there are enough."""
    if len(curves) < stats.MIN_SEEDS:
        return
    places = list(mean_curve(curves))
    bounds = [stats.mean_interval([curve[n] for curve in curves]) for n in places]
    axes.fill_between(
        places, [b.low for b in bounds], [b.high for b in bounds],
        color=look.colour, alpha=0.15, linewidth=0, zorder=1,
    )  # fmt: skip


def _floor(axes: "Axes", floor: float) -> None:
    axes.axhline(floor, color=base.RULE, linewidth=1, zorder=1)
    axes.annotate(
        "floor: reads nothing", (0, floor), xycoords=("axes fraction", "data"),
        xytext=(4, 3), textcoords="offset points", ha="left", fontsize=7.5,
        color=base.GREY,
    )  # fmt: skip
