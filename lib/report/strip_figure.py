"""Scores where one length alone was compared: a row a model, a dot a seed."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lib import stats
from lib.report import figure as base
from lib.report.collect import dig
from lib.report.cost import distinct
from lib.report.knob import knob_name
from lib.report.reference import LINE, oracle_windows, references
from lib.report.score import ModelScores, knob_of_models, lengths_of
from lib.report.score_figure import SCORE_LABEL
from lib.report.score_key import ORACLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STRIP_CAPTION = (
    "Test score of every seed (dots), their mean (large mark) and its 95 % bootstrap "
    "interval (bar, from 5 seeds up); a cross: diverged or failed. To the right the "
    "task's own metric, mean over seeds. Dotted at 0.9: solved. Dashed: the best score "
    "of any predictor that sees only the last inputs. One length shows no horizon."
)


def draw_strip(
    models: Sequence[ModelScores], looks: Mapping[str, base.Look], narrow: bool
) -> "Figure":
    """Scores from the floor to the optimum, the best model on top."""
    (place,) = lengths_of(models)
    figure = base.new_figure(4.2 if narrow else 8.0, 0.42 * len(models) + 0.9)
    axes = figure.subplots()
    bottom = len(models) - 0.4
    axes.vlines([0, 1], -0.6, bottom, color=base.RULE, linewidth=0.8)
    axes.vlines(stats.THRESHOLD, -0.6, bottom, color=base.FAINT, lw=0.8, linestyle=":")
    for window in oracle_windows(models):
        lines = [model.oracle.get(window, {}) for model in models]
        for score in [line[place] for line in lines if place in line][:1]:
            _mark(axes, score, f"last {window}", bottom, **ORACLE)
    for line in references(models):
        _mark(axes, line.scores[place], line.name, bottom, **LINE)
    for row, model in enumerate(models):
        _row(axes, row, model, looks[model.label], place)
    axes.set_xlim(-0.08, 1.08)
    axes.set_ylim(bottom, -0.6)
    axes.set_yticks(range(len(models)), [model.label for model in models])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axis = f"{knob_name(knob_of_models(models))} {place}"
    axes.set_xlabel(f"{SCORE_LABEL} at {axis}")
    _metric(axes, models, place)
    return figure


def _mark(axes: "Axes", x: float, name: str, bottom: float, **look: Any) -> None:
    axes.plot([x, x], [-0.6, bottom], **look)
    axes.text(x, bottom, f" {name}", fontsize=7, color=base.GREY, va="bottom")


def _row(
    axes: "Axes", row: int, model: ModelScores, look: base.Look, place: int
) -> None:
    axes.axhline(row, color="#ececec", linewidth=0.8, zorder=0)
    scores = {s: at[place] for s, at in model.scores.items() if place in at}
    if not scores:
        return
    if len(scores) >= stats.MIN_SEEDS:
        ends = stats.mean_interval(list(scores.values()))
        axes.plot(ends, [row, row], color=look.colour, linewidth=5, alpha=0.25)
    step = min(0.07, 0.4 / len(scores))
    for i, (seed, score) in enumerate(scores.items()):
        is_lost = (seed, place) in model.lost
        # Equal seeds would hide each other: each stands a little lower.
        axes.plot(
            score, row + 0.16 + step * i, "x" if is_lost else ".",
            color=base.INK if is_lost else look.colour, markersize=5,
        )  # fmt: skip
    axes.plot(
        fmean(scores.values()), row, look.marker, color=look.colour,
        markersize=look.size + 2, markeredgecolor="white", zorder=4,
    )  # fmt: skip


def _metric(axes: "Axes", models: Sequence[ModelScores], place: int) -> None:
    """The means of the metric as it is, at the right end of the rows."""
    runs = [run for model in models for run in model.runs]
    metric = distinct(runs, lambda run: dig(run.result, "task", "score_metric"))
    right = axes.twinx()
    texts = []
    for model in models:
        values = model.raw_at(place)
        texts.append(f"{fmean(values):.3g}" if values else "–")
    right.set_ylim(axes.get_ylim())
    right.set_yticks(range(len(models)), texts)
    right.tick_params(axis="y", length=0)
    right.spines[:].set_visible(False)
    right.set_title(f"test {metric}", loc="right", fontsize=8, color=base.GREY)
