"""Meaning by number of shapes and length of captions, and pictures with captions."""

import textwrap
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lib.report import figure as base
from lib.report.captions import Captioner, Example
from lib.report.figure import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHAPES_CAPTION = (
    "Meaning score of captions of test scenes, from 0 to 1, by the number of shapes in "
    "them. Every seed is a small mark, the line joins the means. Dashed: the best "
    "caption that ignores the picture."
)
LENGTH_CAPTION = (
    "Meaning score against the longest caption of the task, in words: every seed a "
    "small mark, the line joins the means."
)
EXAMPLE_CAPTION = (
    "Test pictures and the captions written for them, greedily, with what is wrong. "
    "A tick or a cross says whether the whole caption is right; about half of those "
    "shown are wrong ones if there are as many."
)
LEARNED_CAPTION = (
    "Training pictures and what the model says of them; right is what a person said, "
    "word for word."
)
RIGHT, WRONG = "#00528f", "#b8420a"


def draw_shapes(
    models: Sequence[Captioner], styles: Mapping[str, Look], narrow: bool = False
) -> "Figure":
    """A line a model over the number of shapes."""
    rows = {m.label: m.by_shapes() for m in models}
    floors = [m.floor for m in models if m.floor is not None]
    figure = _course(rows, styles, floors[:1], narrow)
    axes = figure.axes[0]
    axes.set_xlabel("shapes in the scene")
    axes.set_xticks(sorted({n for row in rows.values() for n in row}))
    return figure


def draw_lengths(
    models: Sequence[Captioner], styles: Mapping[str, Look], narrow: bool = False
) -> "Figure":
    """A line a family of models over the length of the longest caption."""
    rows = by_length(models)
    kept = {name: styles[label] for name, label in _families(models).items()}
    figure = _course(rows, kept, [], narrow)
    figure.axes[0].set_xlabel("longest caption, words")
    return figure


def by_length(models: Sequence[Captioner]) -> dict[str, dict[int, list[float]]]:
    """Meaning of each seed by longest caption, of models alike but for the task."""
    rows: dict[str, dict[int, list[float]]] = {}
    for model in models:
        if model.longest is not None and model.values("meaning"):
            row = rows.setdefault(_family(model), {})
            row[model.longest] = model.values("meaning")
    return rows


def draw_examples(examples: Sequence[Example], narrow: bool = False) -> "Figure":
    """Pictures in rows, the caption and its faults below each."""
    columns = 2 if narrow else 4
    count = -(-len(examples) // columns)
    most = max(len(said) + len(faults) for said, faults in map(_lines, examples))
    # In inches: a picture, its mark, and its lines of text.
    figure = base.new_figure(2.35 * columns, (2.5 + 0.145 * (most + 1)) * count)
    grid = figure.subplots(count, columns, squeeze=False)
    for axes in grid.flat[len(examples) :]:
        axes.set_axis_off()
    for axes, example in zip(grid.flat, examples, strict=False):
        _example(axes, example)
    return figure


def _lines(example: Example) -> tuple[list[str], list[str]]:
    """The caption and its faults, in lines that fit below a picture."""
    said = textwrap.wrap(example.said.removesuffix(" ."), _WIDTH) or ["(nothing)"]
    if len(said) > _MOST_LINES:
        said = [*said[: _MOST_LINES - 1], f"{said[_MOST_LINES - 1]} …"]
    faults = [
        line for f in example.faults[:3] for line in textwrap.wrap(f"– {f}", _WIDTH)
    ]
    if not example.faults and not example.is_right:
        faults = textwrap.wrap(f"– people said: {example.reference}", _WIDTH)
    return said, faults[:_MOST_LINES]


def _example(axes: "Axes", example: Example) -> None:
    colour = RIGHT if example.is_right else WRONG
    axes.imshow(example.picture, interpolation="nearest")
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(colour)
        spine.set_linewidth(1.6)
        spine.set_linestyle("-" if example.is_right else "--")
    mark = "\N{CHECK MARK} right" if example.is_right else "\N{BALLOT X} wrong"
    axes.set_title(mark, fontsize=9, color=colour, loc="left", fontweight="bold")
    said, faults = _lines(example)
    axes.annotate("\n".join(said), (0, 0), (0, -5), **_BELOW)
    start = -8 - 7.3 * 1.38 * len(said)
    style: dict[str, Any] = {**_BELOW, "style": "italic", "color": WRONG}
    axes.annotate("\n".join(faults), (0, 0), (0, start), **style)


_WIDTH, _MOST_LINES = 41, 7  # letters of a line, lines of a caption
# Offsets in points from the picture's lower left corner.
_BELOW: dict[str, Any] = {
    "xycoords": "axes fraction",
    "textcoords": "offset points",
    "va": "top",
    "fontsize": 7.3,
    "linespacing": 1.3,
}


def _course(
    rows: Mapping[str, Mapping[int, Sequence[float]]],
    styles: Mapping[str, Look],
    floors: Sequence[float],
    narrow: bool,
) -> "Figure":
    figure = base.new_figure(4.4 if narrow else 6.4, 3.2)
    axes = figure.subplots()
    for i, (label, row) in enumerate(rows.items()):
        look = styles[label]
        means = [fmean(values) for values in row.values()]
        axes.plot(
            list(row),
            means,
            color=look.colour,
            linestyle=look.dash,
            marker=look.marker,
            markersize=look.size,
            label=label,
        )
        step = max(row, default=1) * 0.008
        shift = step * (i - (len(rows) - 1) / 2)  # marks of two models side by side
        for n, values in row.items():
            axes.plot(
                [n + shift] * len(values),
                values,
                look.marker,
                color=look.colour,
                markersize=3,
                alpha=0.6,
            )
    for floor in floors:
        axes.axhline(floor, color=base.GREY, linestyle="--", linewidth=1)
        axes.text(
            0.01,
            floor,
            "ignores the picture",
            transform=axes.get_yaxis_transform(),
            va="bottom",
            fontsize=7.5,
            color=base.GREY,
        )
    axes.set_ylabel("meaning score")
    seen = [v for row in rows.values() for values in row.values() for v in values]
    lowest = min([*seen, *floors], default=0.0)
    axes.set_ylim(min(0.9, lowest) - 0.05, 1.02)
    axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.12))
    return figure


def _family(model: Captioner) -> str:
    """The model without what its task asks for."""
    run = model.runs[0]
    name = str(run.cell.get("model") or model.label)
    return name


def _families(models: Sequence[Captioner]) -> dict[str, str]:
    """A label of each family, whose look it takes."""
    found: dict[str, str] = {}
    for model in models:
        found.setdefault(_family(model), model.label)
    return found
