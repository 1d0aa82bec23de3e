"""Pictures with their questions and answers, and shares right against clauses."""

import textwrap
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from lib.report import figure as base
from lib.report.picture_questions import (
    Answers,
    Example,
    by_clauses,
    floors_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXAMPLE_CAPTION = (
    "Questions of the test split, the first found that are answered right and wrong. "
    "Where a model weighs places, a picture is shown again for each of its looks, "
    "brighter where the weight is larger."
)
CLAUSES_CAPTION = (
    "Share of questions answered right against the clauses between what is asked and "
    "the noun, four words each. Every seed is drawn thin, the mean thick with marks. "
    "Grey, dashed: the best answer to each question, whatever the picture."
)
_RIGHT, _WRONG = "#006b4f", "#b8420a"
_TEXT = 1.7  # the width of what is written, in pictures
_LARGEST = 1.5  # inches of a picture's side
_DIM = 0.6  # of a picture's brightness, where nothing was looked at


def draw_examples(examples: Sequence[Example], narrow: bool) -> "Figure":
    """One example after another: a picture, looks at it, what was asked and said."""
    looks = max((0 if e.looks is None else len(e.looks) for e in examples), default=0)
    per_row = 1 if narrow else 2
    rows = -(-len(examples) // per_row)
    shape = [*[1.0] * (1 + looks), _TEXT] * per_row
    inches = min((4.6 if narrow else 10.4) / sum(shape), _LARGEST)
    figure = base.new_figure(inches * sum(shape), (inches + 0.08) * rows)
    grid = figure.subplots(rows, len(shape), width_ratios=shape, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for i, example in enumerate(examples):
        first = (i % per_row) * (2 + looks)
        own = grid[i // per_row, first : first + 2 + looks]
        maps = [] if example.looks is None else list(example.looks)
        pictures = [example.picture, *(lit(example.picture, m) for m in maps)]
        for axes, picture in zip(own[:-1], pictures, strict=False):
            axes.imshow(picture, interpolation="nearest")
            axes.axis("on")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set(visible=True, color=base.FAINT, linewidth=0.7)
        _write(own[-1], example)
    return figure


def _write(axes: "Axes", example: Example) -> None:
    asked = textwrap.fill(example.question.replace(" ?", "?"), 23)
    axes.text(0.0, 1.0, asked, va="top", fontsize=8, clip_on=False)
    said = f"{example.said} ({example.probability:.2f})"
    wrong = f"{said} ✗\nit is {example.wanted}"
    axes.text(
        0.0,
        0.0,
        f"{said} ✓" if example.is_right else wrong,
        va="bottom",
        fontsize=8,
        color=_RIGHT if example.is_right else _WRONG,
        fontweight="bold",
        clip_on=False,
    )


def lit(
    picture: UInt8[np.ndarray, "H W 3"], weights: Float[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "H W 3"]:
    """A picture dimmed but where the weights are large."""
    from PIL import Image

    height, width = picture.shape[:2]
    share = np.clip(weights / max(float(weights.max()), 1e-9), 0, 1)
    grey = Image.fromarray(np.rint(255 * share).astype(np.uint8))
    large = np.asarray(grey.resize((width, height), Image.Resampling.BILINEAR)) / 255
    bright = (1 - _DIM) + _DIM * large[..., None]
    return np.rint(picture * bright).astype(np.uint8)


def draw_clauses(
    models: Sequence[Answers], styles: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """Lines of models over the number of clauses, and the floor below them."""
    figure = base.new_figure(4.6 if narrow else 7.2, 3.4 if narrow else 3.8)
    axes = figure.subplots()
    ends, last = [], 0
    for model in models:
        curves = by_clauses(model.shares)
        if not curves:
            continue
        look, counts = styles[model.label], sorted(curves)
        last = max(last, *counts)
        for seed in range(min(len(curves[c]) for c in counts)):
            axes.plot(counts, [curves[c][seed] for c in counts], color=look.colour,
                      linewidth=0.7, alpha=0.5)  # fmt: skip
        means = [fmean(curves[c]) for c in counts]
        axes.plot(counts, means, color=look.colour, linestyle=look.dash,
                  marker=look.marker, markersize=look.size, linewidth=1.8)  # fmt: skip
        ends.append((means[-1], model.label, look.colour))
    floor = by_clauses(floors_of(models).get("question_only", {}))
    if floor:
        counts = sorted(floor)
        values = [floor[c] for c in counts]
        axes.plot(counts, values, color=base.GREY, linestyle="--", linewidth=1.2)
        ends.append((values[-1], "question only, best", base.GREY))
    axes.set_xticks(range(last + 1))
    axes.set_xlim(-0.1, last + 0.1)
    axes.set_ylim(0.0, 1.02)
    axes.set_xlabel("clauses between what is asked and the noun")
    axes.set_ylabel("questions answered right")
    base.spread_labels(axes, last + 0.1, ends, 0.06, (0.0, 1.0))
    return figure
