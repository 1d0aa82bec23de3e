"""How many times as fast as each peer, on a log axis: a dot a comparison."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.bench.rows import Row, rows
from experiments.bench.target import QUANTITIES, Quantity
from lib.report import figure as base

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS: tuple[Quantity, ...] = ("processor", "clock")
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def draw(results: Iterable[Mapping[str, Any]]) -> "Figure":
    """A panel for one thread and one for two, of results with any timing."""
    timed = [row for row in rows(results) if row.peer and row.quantity in _PANELS]
    panels: list[Quantity] = [
        q for q in _PANELS if any(row.quantity == q for row in timed)
    ]
    labels = list(dict.fromkeys(row.label for row in timed))
    looks = base.looks(dict.fromkeys(row.peer for row in timed))
    height = 1.6 + 0.23 * len(labels)
    figure = base.new_figure(3.2 + 3.6 * len(panels), height)
    axes = figure.subplots(1, len(panels), sharey=True, sharex=True, squeeze=False)[0]
    for axis, quantity in zip(axes, panels, strict=True):
        _panel(axis, [row for row in timed if row.quantity == quantity], labels, looks)
        axis.set_title(QUANTITIES[quantity], loc="left", fontsize=10)
        axis.set_xlabel("time of the peer / time of horizon (ratio)")
    _scale(axes[0], timed)
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylim(len(labels) - 0.4, -0.6)
    handles = [
        axes[0].plot(
            [], [], color=look.colour, marker=look.marker, markersize=look.size,
            linestyle="none", label=peer,
        )[0]
        for peer, look in looks.items()
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="outside upper left", frameon=False, fontsize=9,
        ncols=min(len(handles), 6), handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip
    return figure


def _panel(
    axis: "Axes",
    own: Sequence[Row],
    labels: Sequence[str],
    looks: Mapping[str, base.Look],
) -> None:
    axis.axvline(1, color=base.INK, linewidth=1)
    axis.grid(axis="x", color="#e6e6e6", linewidth=0.6)
    axis.grid(axis="y", color="#f0f0f0", linewidth=0.6)
    axis.set_axisbelow(True)
    for row in own:
        look, y = looks[row.peer], labels.index(row.label)
        low, median, high = row.ratio
        axis.plot([low, high], [y, y], color=look.colour, linewidth=1.4)
        axis.plot(
            median, y, color=look.colour, marker=look.marker, markersize=look.size,
            markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
        if row.aim is not None:
            axis.plot(row.aim, y, color=look.colour, marker="|", markersize=9)


def _scale(axis: "Axes", timed: Sequence[Row]) -> None:
    least = min(row.ratio.low for row in timed)
    most = max(row.ratio.high for row in timed)
    axis.set_xscale("log")
    axis.set_xlim(min(least, 0.8) * 0.85, max(most, 1.25) * 1.15)
    low, high = axis.get_xlim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
