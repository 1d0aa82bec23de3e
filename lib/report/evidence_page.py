"""One text and what each word of it did: a page or a picture of its own."""

from pathlib import Path
from typing import Any

from lib.report.evidence import evidence_markup, legend_markup, read_evidence
from lib.report.evidence_figure import CAPTION, draw_course, draw_text
from lib.report.figure import drawing, png
from lib.report.markup import element
from lib.report.page import figure_markup, page


def evidence_page(title: str, entry: dict[str, Any]) -> str:
    """A page for one text, as HTML without script or network."""
    evidence = read_evidence(entry)
    assert evidence is not None, "made by lib.evidence"
    picture = drawing(lambda narrow: draw_course(evidence, narrow), CAPTION)
    body = element(
        "main",
        element("h1", title),
        evidence_markup(evidence),
        legend_markup(),
        figure_markup(picture, CAPTION, is_small=True),
    )
    return page(title, body)


def save_evidence(path: Path, title: str, entry: dict[str, Any]) -> None:
    """One picture of the text and of the probabilities as it is read, as PNG."""
    evidence = read_evidence(entry)
    assert evidence is not None, "made by lib.evidence"
    path.write_bytes(png(lambda: draw_text(evidence, title)))
