"""Scores of one who knows a part of the answer: lines between the floor and the best.

A task says in its facts what such knowledge is worth. A model that stays on the line
has learned no more than that: 1/K of K bound values is chance among the values shown.
"""

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING, NamedTuple

from lib import stats
from lib.report import figure as base
from lib.report.collect import Run, dig, number
from lib.report.knob import LENGTH
from lib.report.score import ModelScores, knob_of_models, lengths_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A fact of a task: its name at the line, and what such a one knows.
NAMES = {
    "unbound_accuracy": ("unbound", "values, not whose"),
    "first_value_accuracy": ("first value", "no update seen"),
    "one_part_accuracy": ("one part", "of the key alone"),
}
LINE = {"color": base.GREY, "linewidth": 1.2, "linestyle": (0, (1, 1.5)), "zorder": 1.5}


class Reference(NamedTuple):
    """A line by place: the length, or the number of the axis that is compared."""

    name: str  # of a few letters
    text: str
    raw: dict[int, float]  # in the task's metric
    scores: dict[int, float]  # on the scale of the curves: 0 floor, 1 optimum


def references(models: Sequence[ModelScores]) -> list[Reference]:
    """The references of a part's task; where its models differ in one, it is left out.

    They are accuracies, so a task scored by another metric has none.
    """
    runs = [run for model in models for run in model.runs]
    knob, lengths = knob_of_models(models), lengths_of(models)
    found = []
    for fact, (name, text) in NAMES.items():
        values: dict[int, set[tuple[float, float]]] = {}
        for run in runs:
            for place in lengths if knob == LENGTH else [run.place]:
                length = place if knob == LENGTH else run.length
                if place is not None and (value := _value(run, fact, length)):
                    values.setdefault(place, set()).add(value)
        one = {t: v for t in lengths if len(v := values.get(t, set())) == 1}
        raw, scores = {}, {}
        for place, (pair,) in one.items():
            raw[place], scores[place] = pair
        if raw:
            found.append(Reference(name, text, raw, scores))
    return found


def oracle_windows(models: Sequence[ModelScores]) -> list[int]:
    """The windows whose oracle is worth a line: some model's limit, or a length.

    One that is enough for every length has none: it would lie on the optimum.
    """
    known = sorted(
        {w for m in models for w, at in m.oracle.items() if min(at.values()) < 1}
    )
    limits = {model.receptive_field for model in models}
    inside = [window for window in known if window in lengths_of(models)[:-1]]
    return [window for window in known if window in limits] or inside[:2]


def draw_references(
    axes: "Axes", lines: Sequence[Reference], named: bool = True
) -> None:
    """Dotted lines on log2 of the place, each with its name under its middle."""
    for line in lines:
        xs, ys = [log2(place) for place in line.scores], list(line.scores.values())
        if len(xs) == 1:  # a line of one point would not show
            axes.plot([xs[0] - 0.3, xs[0] + 0.3], ys * 2, **LINE)
        else:
            axes.plot(xs, ys, **LINE)
        if not named:
            continue
        middle = (len(xs) - 1) // 2
        axes.annotate(
            line.name, (xs[middle], ys[middle]), (-2, -1), textcoords="offset points",
            ha="right" if middle else "left", va="top", fontsize=7, color=base.GREY,
            zorder=5, bbox=base.BLANK,
        )  # fmt: skip


def reference_caption(lines: Sequence[Reference]) -> str:
    """What a figure's caption says of them; "" where there are none."""
    if not lines:
        return ""
    known = dict.fromkeys(f"{line.name} ({line.text})" for line in lines)
    said = "; ".join(known)
    return (
        f" Dotted and named: the score of one who knows a part of the answer: {said}. "
        "A model on such a line has learned no more."
    )


def _value(run: Run, fact: str, length: int | None) -> tuple[float, float] | None:
    """The metric and the score, where the run's task has the fact and the length."""
    if dig(run.result, "task", "score_metric") != "accuracy":
        return None
    value = number(dig(run.result, "task", "facts", fact))
    floor, optimum = (
        number(dig(run.result, "task", end, str(length)))
        for end in ("floor", "optimum")
    )
    if value is None or floor is None or optimum is None or floor == optimum:
        return None
    return value, stats.normalised_score(value, floor, optimum)
