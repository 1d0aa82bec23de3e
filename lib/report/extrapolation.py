"""Trained at one length, tested at others: every pair, as a heat map.

A row is a training length, or a curriculum, and a column a tested length. Where a part
has several training lengths each model has a panel, else the models are the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.collect import Run, by_label, by_number, dig
from lib.report.markup import Child
from lib.report.page import figure_markup
from lib.report.score import run_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Trained short, tested long: the mean test score over seeds by the length trained "
    "on, or the longest that a curriculum draws (rows), and the length tested "
    "(columns). Outlined: tested at the length of training. Right of the outline a "
    "model extends what it learned; left of it are lengths that it was not trained on "
    "either, but for a curriculum."
)
WHITE_FROM = 0.55  # scores whose cell is dark enough for white text


@dataclass(frozen=True)
class Row:
    """The mean score at each tested length of one way of training."""

    name: str
    trained: int
    scores: dict[int, float]


@dataclass(frozen=True)
class Panel:
    title: str
    rows: tuple[Row, ...]


def panels_of(runs: Sequence[Run]) -> list[Panel]:
    """The heat maps of a part; none where each run was tested at its length alone."""
    found: dict[str, dict[int, dict[int, list[float]]]] = {}
    for label, members in by_label(runs).items():
        for run in members:
            if run.length is None:
                continue
            row = found.setdefault(label, {}).setdefault(run.length, {})
            for length in _tested(run, members):
                score = run_score(run, length)
                if score is not None:
                    row.setdefault(length, []).append(score)
    rows = {
        label: [
            Row(str(trained), trained, {n: fmean(s) for n, s in sorted(by.items())})
            for trained, by in sorted(lengths.items())
            if by
        ]
        for label, lengths in found.items()
    }
    every = [row for members in rows.values() for row in members]
    if not any(set(row.scores) - {row.trained} for row in every):
        return []
    if any(len(members) > 1 for members in rows.values()):
        return [Panel(label, tuple(members)) for label, members in rows.items()]
    named = [
        Row(label, row.trained, row.scores)
        for label, members in rows.items()
        for row in members
    ]
    return [Panel("", tuple(named))]


def extrapolation_markup(stem: str, runs: Sequence[Run], figures: Path) -> list[Child]:
    """The heat maps of a part as one figure; nothing where there are none."""
    panels = panels_of(runs)
    if not panels:
        return []
    said = "; ".join(
        f"{panel.title} {row.name}".strip() + f": solved to {_reach(row)}"
        for panel in panels
        for row in panel.rows
    )
    drawn = base.save_drawing(
        figures,
        f"{stem}-extrapolation",
        lambda narrow: draw_extrapolation(panels, narrow),
        f"Score by length trained and length tested. {said}.",
    )
    return [figure_markup(drawn, CAPTION)]


def draw_extrapolation(panels: Sequence[Panel], narrow: bool) -> "Figure":
    """One heat map a panel, all over the same tested lengths."""
    lengths = sorted({n for panel in panels for row in panel.rows for n in row.scores})
    num_columns = 1 if narrow else min(len(panels), 3 if len(lengths) <= 8 else 2)
    num_rows = -(-len(panels) // num_columns)
    most = max(len(panel.rows) for panel in panels)
    width = 4.2 if narrow else 10.5
    figure = base.new_figure(width, num_rows * (0.3 * most + 0.75) + 0.4)
    grid = figure.subplots(num_rows, num_columns, squeeze=False)
    room = width / num_columns / max(len(lengths), 1)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _draw(axes, panel, lengths, room)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel("Length tested", fontsize=9)
    if any(panel.title for panel in panels):
        figure.supylabel("Length trained", fontsize=9)
    return figure


def _draw(axes: "Axes", panel: Panel, lengths: Sequence[int], room: float) -> None:
    from matplotlib import colormaps

    shades = colormaps["Blues"]
    for place, row in enumerate(panel.rows):
        for column, length in enumerate(lengths):
            _cell(axes, place, column, row.scores.get(length), shades, room)
        if row.trained in lengths:
            column = lengths.index(row.trained)
            xs = [column + x for x in (-0.5, 0.5, 0.5, -0.5, -0.5)]
            ys = [place + y for y in (-0.5, -0.5, 0.5, 0.5, -0.5)]
            axes.plot(xs, ys, color="#b8420a", linewidth=1.4, clip_on=False, zorder=5)
    step = max(1, -(-len(lengths) // 12))
    axes.set_xticks(
        range(0, len(lengths), step), [str(n) for n in lengths[::step]], fontsize=7
    )
    axes.set_yticks(range(len(panel.rows)), [row.name for row in panel.rows])
    axes.set_xlim(-0.5, len(lengths) - 0.5)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if panel.title:
        axes.set_title(panel.title, fontsize=9, loc="left")


def _cell(
    axes: "Axes", row: int, column: int, score: float | None, shades, room: float
) -> None:
    if score is None:
        axes.text(column, row, "–", ha="center", va="center", color=base.GREY)
        return
    axes.fill_between(
        [column - 0.48, column + 0.48], row - 0.46, row + 0.46,
        color=shades(0.03 + 0.87 * score), linewidth=0,
    )  # fmt: skip
    if room >= 0.24:
        axes.text(
            column, row, f"{score:.2f}".removeprefix("0"), ha="center", va="center",
            fontsize=6.5, color="white" if score >= WHITE_FROM else base.INK,
        )  # fmt: skip


def _reach(row: Row) -> str:
    """The longest length that the mean solves with every shorter one tested."""
    reached = "none"
    for length, score in row.scores.items():
        if score < stats.THRESHOLD:
            break
        reached = str(length)
    return reached


def _tested(run: Run, others: Sequence[Run]) -> list[int]:
    """The lengths a run was tested at; of one that diverged, those of its like."""
    own = by_number(dig(run.result, "metrics", "test"))
    like = [other for other in others if other.length == run.length]
    found = [by_number(dig(other.result, "metrics", "test")) for other in like]
    return sorted(own or {n for lengths in found for n in lengths})
