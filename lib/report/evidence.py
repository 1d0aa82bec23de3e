"""What each word of a text did to the answer: coloured text that survives greyscale.

A word's evidence is by how many nats it moved the log-odds of the class that is
answered in the end. Words for it have an unbroken line under them, words against it a
wavy one; the stronger, the thicker the line and the darker the tint.
"""

from collections.abc import Sequence
from math import log
from typing import Any, NamedTuple

from lib.report.collect import dig, number
from lib.report.markup import Child, Markup, element, join

LEVELS = (1.3, 2.0, 4.0)  # odds multiplied or divided by at least this much
_EDGE = 1e-6  # a probability of 0 or 1 has no log-odds


class Word(NamedTuple):
    """A piece of a text, with its evidence in nats."""

    before: str  # what stands between the piece before and this one
    text: str
    is_known: bool
    evidence: float

    @property
    def level(self) -> int:
        """0 for next to none, to 3; negative where it is against the answer."""
        size = sum(abs(self.evidence) >= log(bound) for bound in LEVELS)
        return size if self.evidence >= 0 else -size


class Evidence(NamedTuple):
    """A text read word by word: its words, and each class's probability after each."""

    classes: tuple[str, ...]  # the answer first
    target: str  # the true class; "" where it is not known
    unit: str  # what a piece is: "word" or "character"
    words: tuple[Word, ...]
    course: tuple[tuple[float, ...], ...]  # a row before the first word, one after each

    @property
    def answer(self) -> str:
        return self.classes[0]


def read_evidence(entry: Any) -> Evidence | None:
    """The value of an entry of a result file; None where it is not one."""
    classes, pieces = dig(entry, "classes"), dig(entry, "pieces")
    course, target = dig(entry, "course"), dig(entry, "target")
    if not all(
        isinstance(found, list) and found for found in (classes, pieces, course)
    ):
        return None
    rows = [_row(row, len(classes)) for row in course]
    known = [row for row in rows if row is not None]
    texts = [piece for piece in pieces if _is_piece(piece)]
    if len(known) != len(texts) + 1 or len(texts) != len(pieces):
        return None
    odds = [_log_odds(row[0]) for row in known]
    words = [
        Word(piece[0], piece[1], piece[2], after - before)
        for piece, before, after in zip(texts, odds, odds[1:], strict=False)
    ]
    names, unit = tuple(map(str, classes)), str(dig(entry, "unit"))
    true = target if isinstance(target, str) else ""
    return Evidence(names, true, unit, tuple(words), tuple(known))


def evidence_markup(evidence: Evidence) -> Markup:
    """The text, its words marked, under a line that says how it was answered."""
    children: list[Child] = []
    for word in evidence.words:
        side = "for" if word.level > 0 else "against" if word.level < 0 else ""
        marks = [f"{side}{abs(word.level)}" if side else ""]
        names = " ".join(filter(None, [*marks, "" if word.is_known else "unread"]))
        children.append(word.before)
        children.append(
            element("span", word.text, class_=names) if names else word.text
        )
    return join(
        element("p", verdict(evidence), class_="facts"),
        element("div", *children, class_="evidence"),
    )


def verdict(evidence: Evidence) -> str:
    """The answer with its probability, and what it should have been."""
    said = f"{evidence.answer} with probability {evidence.course[-1][0]:.2f}"
    if not evidence.target:
        return f"Answered {said} after {len(evidence.words)} {evidence.unit}s."
    if evidence.target == evidence.answer:
        return f"Answered {said}, rightly."
    return f"Answered {said}; it is {evidence.target}."


def legend_markup() -> Markup:
    """What the lines and tints mean, shown as they are."""
    weak, medium, strong = (f"{bound:g}" for bound in LEVELS)
    marks = [
        element("span", text, class_=name)
        for text, name in (
            (f"times {strong} or more", "for3"),
            (f"times {medium}", "for2"),
            (f"times {weak}", "for1"),
            (f"divided by {weak}", "against1"),
            (f"by {medium}", "against2"),
            (f"by {strong} or more", "against3"),
            ("a word that the model does not know", "unread"),
        )
    ]
    spaced = [child for mark in marks for child in (mark, "  ")]
    said = "What reading a word did to the odds of the class answered in the end: "
    return element("p", said, *spaced, class_="note evidence-key")


def _is_piece(piece: Any) -> bool:
    kinds = (str, str, bool)
    return (
        isinstance(piece, list)
        and len(piece) == len(kinds)
        and all(isinstance(p, k) for p, k in zip(piece, kinds, strict=True))
    )


def _row(row: Any, size: int) -> tuple[float, ...] | None:
    values: Sequence[Any] = row if isinstance(row, list) else []
    found = [number(value) for value in values]
    known = tuple(value for value in found if value is not None and 0 <= value <= 1)
    return known if len(known) == size == len(values) else None


def _log_odds(probability: float) -> float:
    p = min(max(probability, _EDGE), 1 - _EDGE)
    return log(p / (1 - p))
