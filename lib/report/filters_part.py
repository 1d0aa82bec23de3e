"""What any part adds whose runs differ in the number of their filters."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.collect import Run
from lib.report.figure import Look, save_drawing
from lib.report.filters import Learner, learners
from lib.report.filters_figure import draw_filters_sweep
from lib.report.headline import mean_cell
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table

CAPTION = (
    "Wrong answers to a hundred test pictures against the number of filters, both on "
    "log scales: every seed a small mark, the mean over seeds joined, its 95 % "
    "bootstrap interval shaded. Read sideways: how many random filters are worth a "
    "learned one."
)


def filters_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The figure and its numbers; nothing where the number of filters is fixed."""
    del styles  # the number of filters is an axis here, not part of a label
    found = learners(runs)
    if not found:
        return []
    drawing = save_drawing(
        figures,
        f"{stem}-filters",
        lambda narrow: draw_filters_sweep(found, narrow),
        "Test error against the number of filters.",
    )
    return [
        element("h3", "How many filters, and whether they learn"),
        figure_markup(drawing, CAPTION, is_small=True),
        table_markup(filters_table(found), titled=False),
    ]


def filters_table(found: Sequence[Learner]) -> Table:
    """One row for each way to come by filters, one column a number of them."""
    counts = sorted({n for learner in found for n in learner.seeds})
    rows = [
        (Cell(learner.label), *(mean_cell(learner.seeds.get(n, [])) for n in counts))
        for learner in found
    ]
    columns = ("filters", *map(str, counts))
    note = "Test accuracy, mean over seeds [95 % bootstrap interval]."
    return Table("Accuracy by number of filters", columns, rows, note)
