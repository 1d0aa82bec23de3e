"""One part of a sweep on the page, shown the way its system is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lib.report import (
    captions_part,
    classification_part,
    images_part,
    language_part,
    location_part,
    memory_part,
    picture_questions_part,
    questions_part,
    regression_part,
)
from lib.report.collect import Run, dig
from lib.report.figure import Look
from lib.report.filters_part import filters_markup
from lib.report.gradient_part import gradient_markup
from lib.report.invariance_part import invariance_markup
from lib.report.markup import Child, element
from lib.report.table import Table


class Part(Protocol):
    """What a module of a system offers."""

    def headline(self, runs: Sequence[Run]) -> Table | None:
        """The table that a part opens with; None before any of its runs has ended."""
        ...

    def part_markup(
        self,
        stem: str,
        runs: Sequence[Run],
        styles: Mapping[str, Look],
        figures: Path,
    ) -> list[Child]:
        """The part's tables and figures; the latter are written into `figures`."""
        ...


PARTS: dict[str, Part] = {
    "memory": memory_part,
    "regression": regression_part,
    "classification": classification_part,
    "language": language_part,
    "questions": questions_part,
    "captions": captions_part,
    "location": location_part,
    "images": images_part,
    "picture_questions": picture_questions_part,
}


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    return _part(runs).headline(runs)


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The tables and figures of a part, by the system of its task."""
    if headline(runs) is None:
        return [element("p", "No run of this part has ended yet.", class_="status")]
    part = _part(runs).part_markup(stem, runs, styles, figures)
    added = (gradient_markup, invariance_markup, filters_markup)
    return [*part, *(c for add in added for c in add(stem, runs, styles, figures))]


def _part(runs: Sequence[Run]) -> Part:
    """The module of the system that the first run with a result names."""
    systems = (dig(run.result, "task", "system") for run in runs)
    known = (s for s in systems if isinstance(s, str) and s in PARTS)
    # Results of before systems had names: those with scores, and texts.
    unnamed = "memory" if memory_part.headline(runs) else "language"
    return PARTS[next(known, unnamed)]
