"""What a picture's side costs: parameters, FLOPs, memory and time, on log axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lib.report import figure as base
from lib.report.gradient_figure import power

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (
    ("parameters", "parameters"),
    ("flops", "FLOPs of an answer to one picture"),
    ("memory", "bytes of a training step, one picture"),
    ("seconds", "seconds of a training step, measured"),
)
_TEXTBOOK = 100  # pixels a side: ten thousand inputs


def draw_side_cost(rows: Sequence[dict[str, Any]], narrow: bool) -> "Figure":
    """One panel a cost, one line a network; a dotted line at 100 x 100 pixels."""
    figure = base.new_figure(4.2 if narrow else 10.5, 13.0 if narrow else 7.2)
    panels = figure.subplots(4 if narrow else 2, 1 if narrow else 2).ravel()
    looks = base.looks(dict.fromkeys(row["network"] for row in rows))
    sides = sorted({row["side"] for row in rows})
    for axes, (name, label) in zip(panels, PANELS, strict=True):
        for network, look in looks.items():
            own = [r for r in rows if r["network"] == network and r.get(name)]
            if not own:
                continue
            axes.plot(
                [r["side"] for r in own], [r[name] for r in own], color=look.colour,
                marker=look.marker, linestyle=look.dash, markersize=look.size,
                linewidth=1.8, label=network,
            )  # fmt: skip
        _frame(axes, sides, label, most=6 if narrow else 9)
    panels[0].annotate(
        "10,000 inputs", (_TEXTBOOK, 0), xycoords=("data", "axes fraction"),
        xytext=(3, 4), textcoords="offset points", fontsize=7.5, color=base.GREY,
    )  # fmt: skip
    panels[0].legend(frameon=False, fontsize=9, loc="upper left", handlelength=3.2)
    return figure


def _frame(axes: "Axes", sides: Sequence[int], label: str, most: int) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    step = -(-len(sides) // most)
    last = sides[-1]
    # The label of a side just before the last would run into it.
    shown = [
        f"{s:,}" if s == last or (i % step == 0 and 1.5 * s < last) else ""
        for i, s in enumerate(sides)
    ]
    axes.set_xlim(0.8 * sides[0], 1.25 * last)
    axes.set_xticks(sides, shown)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: power(value))
    axes.set_xlabel("side of the picture (pixels)")
    axes.set_title(label, loc="left", fontsize=10, fontweight="bold")
    axes.axvline(_TEXTBOOK, color=base.RULE, linestyle=(0, (1, 2)), linewidth=1)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
