"""Score against length: one panel a model with every seed, then all means together."""

from collections.abc import Mapping, Sequence
from math import ceil, log2, nan
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.knob import knob_text
from lib.report.reference import draw_references, oracle_windows, references
from lib.report.score import ModelScores, knob_of_models, lengths_of
from lib.report.score_band import bands_of, mark_training
from lib.report.score_key import ORACLE, draw_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIMITS = (-0.16, 1.1)
NAMES_UP_TO = 1.06  # the highest place of a name at the end of its curve
SCORE_LABEL = "score (0 floor, 1 optimum)"


def draw_panels(
    models: Sequence[ModelScores], looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """One panel a model on shared axes: every seed, their mean, its 95 % band."""
    num_panels = len(models) + 1  # the last one is the key
    blanks = lambda columns: -num_panels % columns
    num_columns = min(2 if narrow else min(4, 3, key=blanks), num_panels)
    num_rows = ceil(num_panels / num_columns)
    figure = base.new_figure(4.2 if narrow else 10.5, 2.1 * num_rows + 0.5)
    panels = figure.subplots(
        num_rows, num_columns, sharex=True, sharey=True, squeeze=False
    )
    lengths = lengths_of(models)
    windows = oracle_windows(models)
    for i, axes in enumerate(panels.flat):
        if i >= len(models):
            axes.set_axis_off()
            if i == len(models):
                is_extended = any(model.trained for model in models)
                draw_key(axes, windows, is_extended, references(models))
            continue
        _frame(axes, lengths, most=5)
        # With shared axes only the lowest panel of a column would carry the ticks.
        axes.tick_params(labelbottom=i + num_columns >= len(models))
        _panel(axes, models[i], looks[models[i].label], windows)
        _title(axes, models[i], room=24 if narrow else 34)
    figure.supxlabel(knob_text(knob_of_models(models)), fontsize=9)
    figure.supylabel(SCORE_LABEL, fontsize=9)
    return figure


def draw_overview(
    models: Sequence[ModelScores], looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """The mean over seeds of every model on one pair of axes, labelled at its end."""
    gap = min(0.085, NAMES_UP_TO / max(len(models) - 1, 1))
    tall = (0.225 if narrow else 0.263) / gap  # inches: 0.2 for a name
    figure = base.new_figure(4.2 if narrow else 8.0, 0.8 + tall)
    axes = figure.subplots()
    lengths = lengths_of(models)
    _frame(axes, lengths, most=10)
    _oracles(axes, models, oracle_windows(models), named=True)
    draw_references(axes, references(models))
    ends = []
    for model in models:
        look, curve = looks[model.label], model.mean_curve()
        if not curve:
            continue
        _mean(axes, model, look)
        ends.append((curve[max(curve)], model.label, look.colour))
    right = log2(max(lengths))
    base.spread_labels(axes, right, ends, gap, (0.0, NAMES_UP_TO))
    axes.set_xlim(log2(min(lengths)) - 0.2, right + 0.1)
    axes.set_xlabel(knob_text(knob_of_models(models)))
    axes.set_ylabel(f"mean {SCORE_LABEL}")
    return figure


def _frame(axes: "Axes", lengths: Sequence[int], most: int) -> None:
    axes.axhline(0, color=base.RULE, linewidth=0.8)
    axes.axhline(1, color=base.RULE, linewidth=0.8)
    axes.axhline(stats.THRESHOLD, color=base.FAINT, linewidth=0.8, linestyle=":")
    base.label_lengths(axes, lengths, most)
    axes.set_xlim(log2(min(lengths)) - 0.35, log2(max(lengths)) + 0.35)
    axes.set_ylim(*LIMITS)
    axes.set_yticks([0, 0.5, 1])


def _panel(
    axes: "Axes", model: ModelScores, look: base.Look, windows: Sequence[int]
) -> None:
    _oracles(axes, [model], windows, named=False)
    draw_references(axes, references([model]), named=False)  # the key names them
    if model.trained:
        mark_training(axes, *model.trained)
    field = model.receptive_field
    if field and min(model.lengths) <= field <= max(model.lengths):
        axes.axvline(log2(field), color=base.INK, linewidth=0.9, linestyle=(0, (1, 1)))
        place = log2(field)
        start, end = axes.get_xlim()
        # On the side that has the room.
        is_left = place - start > 0.3 * (end - start)
        axes.text(
            place - 0.1 if is_left else place + 0.1,
            0.42,
            f"sees {field}",
            fontsize=7.5,
            ha="right" if is_left else "left",
            color=base.INK,
            zorder=5,
            bbox=base.BLANK,
        )
    _seeds(axes, model, look)
    _mean(axes, model, look)
    bands = bands_of(model)
    axes.fill_between(
        [log2(length) for length in model.lengths],
        [band.low for band in bands],
        [band.high for band in bands],
        color=look.colour,
        alpha=0.13,
        linewidth=0,
    )
    for length, count in model.missing().items():
        left = len(model.seeds) - count
        axes.text(
            log2(length), -0.13, f"n={left}", fontsize=7, ha="center", color=base.GREY
        )


def _title(axes: "Axes", model: ModelScores, room: int) -> None:
    """The model's name and its median horizon, over `room` characters of 9 points."""
    size = max(6.0, min(9.0, 9.0 * (room - 6) / len(model.label)))
    axes.set_title(model.label, loc="left", fontsize=size, fontweight="bold")
    horizons = list(model.horizons.values())
    if horizons:
        middle = base.pretty(str(stats.median_horizon(horizons)))
        axes.set_title(middle, loc="right", fontsize=9, color=base.GREY)


def _seeds(axes: "Axes", model: ModelScores, look: base.Look) -> None:
    count = len(model.seeds)
    for i, seed in enumerate(model.seeds):
        scores = model.scores.get(seed, {})
        # Seeds that agree would hide each other: each stands a little to the side.
        aside = min(0.07, 0.4 / count) * (i - (count - 1) / 2)
        xs = [log2(length) + aside for length in model.lengths]
        ys = [scores.get(length, nan) for length in model.lengths]
        axes.plot(xs, ys, color=look.colour, linewidth=0.7, alpha=0.75)
        axes.plot(xs, ys, ".", color=look.colour, markersize=3.5)
        placed = zip(xs, model.lengths, strict=True)
        lost = [x for x, length in placed if (seed, length) in model.lost]
        axes.plot(lost, [0.0] * len(lost), "x", color=base.INK, markersize=6)


def _mean(axes: "Axes", model: ModelScores, look: base.Look) -> None:
    curve = model.mean_curve()
    axes.plot(
        [log2(length) for length in model.lengths],
        [curve.get(length, nan) for length in model.lengths],
        color=look.colour,
        linestyle=look.dash,
        marker=look.marker,
        linewidth=1.9,
        markersize=look.size,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=4,
    )


def _oracles(
    axes: "Axes", models: Sequence[ModelScores], windows: Sequence[int], named: bool
) -> None:
    for window in windows:
        line: dict[int, float] = {}
        for model in models:
            line.update(model.oracle.get(window, {}))
        line = dict(sorted(line.items()))
        xs = [log2(length) for length in line]
        axes.plot(xs, list(line.values()), **ORACLE)
        if named and line:
            before = sum(y >= 1 for y in line.values()) - 1
            # Left of where it falls, but for one that has fallen at the first length.
            place, side = (
                (xs[before] - 0.08, "right") if before > 0 else (xs[0], "left")
            )
            axes.text(
                place, 0.95, f" last {window}", fontsize=7, color=base.GREY, ha=side,
                va="center", zorder=5, bbox=base.BLANK,
            )  # fmt: skip
