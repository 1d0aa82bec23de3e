"""The key of the panels of scores: the marks as they are drawn, and what they say."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lib.report import figure as base
from lib.report.reference import LINE, Reference

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORACLE = {"color": "#9a9a9a", "linewidth": 0.9, "linestyle": (0, (2, 2)), "zorder": 1}
BEYOND = "#f1efe9"  # the shade of lengths beyond those of training


def draw_key(
    axes: "Axes",
    windows: Sequence[int],
    is_extended: bool,
    lines: Sequence[Reference] = (),
) -> None:
    """Says what the marks mean, in the place of a panel.

    `windows` are those whose oracle is drawn; `is_extended`: some lengths tested are
    longer than those of training.
    """
    left, right, high = 0.03, 0.23, 0.024  # of the panel, whatever its axes span
    ends, grey = [left, right], base.GREY
    inside: dict[str, Any] = {"transform": axes.transAxes}
    seen = " or ".join(str(window) for window in windows)
    marks: list[tuple[str, Callable[[float], object]]] = [
        (
            "mean over seeds",
            lambda y: axes.plot(
                ends, [y] * 2, "o-", color=grey, linewidth=1.9, markersize=5, **inside
            ),
        ),
        (
            "one seed",
            lambda y: axes.plot(
                ends, [y] * 2, ".-", color=grey, linewidth=0.7, markersize=3.5, **inside
            ),
        ),
        (
            "95 % interval of the mean",
            lambda y: axes.fill_between(
                ends, y - high, y + high, color=grey, alpha=0.2, lw=0, **inside
            ),
        ),
        ("diverged or failed: 0", lambda y: _cross(axes, (left + right) / 2, y)),
    ]
    if windows:
        best = lambda y: axes.plot(ends, [y] * 2, **ORACLE, **inside)
        marks.insert(3, (f"best seeing the last {seen}", best))
    if is_extended:
        shade = lambda y: axes.fill_between(
            ends, y - high, y + high, color=BEYOND, linewidth=0, **inside
        )
        marks.append(("longer than in training", shade))
    for line in lines:
        dots = lambda y: axes.plot(ends, [y] * 2, **LINE, **inside)
        marks.append((f"{line.name}: {line.text}", dots))
    apart = min(0.18, 0.86 / (len(marks) - 1))
    for i, (text, draw) in enumerate(marks):
        height = 0.88 - apart * i
        draw(height)
        axes.text(right + 0.05, height, text, fontsize=7.5, va="center", **inside)


def _cross(axes: "Axes", x: float, y: float) -> None:
    axes.plot([x], [y], "x", color=base.INK, markersize=6, transform=axes.transAxes)
