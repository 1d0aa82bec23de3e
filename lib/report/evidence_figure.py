"""The probability of each class as a text is read, and the text with words marked."""

from collections.abc import Iterator, Sequence
from math import log
from typing import TYPE_CHECKING

from lib.report import figure as base
from lib.report.evidence import LEVELS, Evidence, Word, verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Probability of each class after every symbol read; at 0 what the model says of a "
    "text that says nothing."
)
COLUMNS = 96  # characters of a line of text
_TINTS = {1: "#e3edf6", 2: "#bcd6ec", 3: "#86b6dd"}
_TINTS |= {-1: "#fbe9dc", -2: "#f6cba9", -3: "#ee9f63"}
_LINE = 0.2  # inches between two lines of text

Placed = tuple[int, int, Word]  # line, column, word


def draw_course(evidence: Evidence, narrow: bool = False) -> "Figure":
    """A line a class, from before the first symbol to after the last."""
    figure = base.new_figure(4.2 if narrow else 8.0, 2.6)
    _course(figure.subplots(), evidence)
    return figure


def draw_text(evidence: Evidence, title: str) -> "Figure":
    """The text with its words marked, above the probabilities as they moved."""
    placed = list(_lay_out(evidence.words))
    num_lines = 1 + max((line for line, _, _ in placed), default=0)
    heights = [0.55, _LINE * (num_lines + 0.6), 0.35, 2.3]
    figure = base.new_figure(9.2, sum(heights))
    head, text, key, course = figure.subplots(4, 1, height_ratios=heights)
    for axes in (head, text, key):
        axes.set_axis_off()
    head.text(0, 0.75, title, fontsize=11, fontweight="bold", va="center")
    head.text(0, 0.15, verdict(evidence), fontsize=9, color=base.GREY, va="center")
    head.set_ylim(0, 1)
    text.set_ylim(num_lines + 0.3, -0.6)
    for line, column, word in placed:
        _mark(text, line, column, word)
    for axes in (text, key):
        axes.set_xlim(0, COLUMNS)
    _key(key)
    _course(course, evidence)
    return figure


def _course(axes: "Axes", evidence: Evidence) -> None:
    steps = range(len(evidence.course))
    for i, name in enumerate(evidence.classes):
        look = list(base.looks(evidence.classes).values())[i]
        values = [row[i] for row in evidence.course]
        label = f"{name} (true)" if name == evidence.target else name
        axes.plot(steps, values, color=look.colour, linestyle=look.dash, label=label,
                  linewidth=1.8 if i == 0 else 1.2)  # fmt: skip
    axes.set_xlim(0, max(1, len(evidence.words)))
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel(f"{evidence.unit}s read")
    axes.set_ylabel("probability")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower left",
                bbox_to_anchor=(0, 1.0), borderaxespad=0.2)  # fmt: skip


def _lay_out(words: Sequence[Word]) -> Iterator[Placed]:
    """Words in lines of at most COLUMNS characters, line breaks of the text kept."""
    line = column = 0
    for word in words:
        breaks = min(2, word.before.count("\n"))
        gap = " ".join(word.before.split()) if word.before.strip() else ""
        if word.before[:1].isspace() or word.before[-1:].isspace():
            gap = f" {gap} " if gap else " "
        if breaks and column:
            line, column = line + breaks, 0
            gap = gap.lstrip()
        if column + len(gap) + len(word.text) > COLUMNS:
            line, column, gap = line + 1, 0, gap.lstrip()
        if gap.strip():
            yield line, column, Word("", gap, True, 0.0)
        column += len(gap)
        yield line, column, word._replace(text=word.text[:COLUMNS])
        column += len(word.text)


def _mark(axes: "Axes", line: int, column: int, word: Word) -> None:
    level, end = word.level, column + len(word.text)
    if level:
        axes.fill_between([column, end], line - 0.42, line + 0.36,
                          color=_TINTS[level], linewidth=0)  # fmt: skip
        axes.plot([column, end], [line + 0.42] * 2, color=base.INK,
                  solid_capstyle="butt", linestyle="-" if level > 0 else (0, (1, 1)),
                  linewidth=0.7 * abs(level))  # fmt: skip
    # A width of its own for each character keeps the columns where they are counted.
    for i, character in enumerate(word.text):
        axes.text(column + i + 0.5, line, character, family="DejaVu Sans Mono",
                  fontsize=8.2, ha="center", va="center",
                  color=base.INK if word.is_known else base.GREY,
                  fontstyle="normal" if word.is_known else "italic")  # fmt: skip


def _key(axes: "Axes") -> None:
    axes.set_ylim(1, -1)
    names = {i + 1: f"odds x {bound:g}" for i, bound in enumerate(LEVELS)}
    names |= {-i - 1: f"odds / {bound:g}" for i, bound in enumerate(LEVELS)}
    for place, (level, name) in enumerate(sorted(names.items(), reverse=True)):
        sign = 1 if level > 0 else -1
        _mark(
            axes, 0, 16 * place, Word("", name, True, sign * 1.01 * _nats(abs(level)))
        )


def _nats(level: int) -> float:
    return log(LEVELS[level - 1])
