"""What any part adds whose runs were shown moved or turned pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from lib.report.collect import Run, by_number, dig, number
from lib.report.figure import Look, save_drawing
from lib.report.headline import mean_cell
from lib.report.invariance import ModelInvariance, model_invariances
from lib.report.invariance_figure import UNITS, draw_layers, draw_models
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table

ACCURACY_CAPTION = (
    "Accuracy on {pictures:,} test pictures that are {moved} before they are read. "
    "Every seed thin, the mean thick with marks, its 95 % bootstrap interval shaded."
)
MOVED = {"shift": "moved in four directions", "rotation": "turned to both sides"}
LAYER_CAPTION = (
    "Of the units of a layer that answer to the picture or to the moved one, how many "
    "then say something else: by more than a tenth of the larger of the two answers "
    "and of the layer's root mean square. Bold: what pools. Mean over seeds."
)


def invariance_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Accuracy by shift and by turn, then the layers that change."""
    models = model_invariances(runs)
    children: list[Child] = []
    floor = floor_of(runs)
    for kind, moved in MOVED.items():
        shown = [model for model in models if model.curves[kind]]
        if not shown:
            continue
        drawing = save_drawing(
            figures,
            f"{stem}-{kind}",
            lambda narrow, shown=shown, kind=kind: draw_models(
                shown, kind, styles, floor, narrow
            ),
            f"Test accuracy against {kind} of the picture, by model.",
        )
        caption = ACCURACY_CAPTION.format(pictures=shown[0].num_pictures, moved=moved)
        children.append(element("h3", f"Pictures {moved}"))
        children.append(figure_markup(drawing, caption, is_small=True))
        children.append(table_markup(accuracy_table(shown, kind), titled=False))
        layered = [m for m in shown if any(c.changed[kind] for c in m.changes())]
        if layered:
            drawing = save_drawing(
                figures,
                f"{stem}-{kind}-layers",
                lambda narrow, shown=layered, kind=kind: draw_layers(
                    shown, kind, narrow
                ),
                f"Share of active units that change against {kind}, by layer.",
            )
            children.append(figure_markup(drawing, LAYER_CAPTION))
    return children


def accuracy_table(models: Sequence[ModelInvariance], kind: str) -> Table:
    """One row a model, one column a distance."""
    distances = sorted({n for model in models for n in model.mean(kind)})
    rows = [
        (
            Cell(model.label),
            *(
                mean_cell([curve[n] for curve in model.curves[kind] if n in curve])
                for n in distances
            ),
        )
        for model in models
    ]
    columns = ("model", *(f"{n} {UNITS[kind]}" for n in distances))
    note = "Test accuracy, mean over seeds [95 % bootstrap interval]."
    return Table(f"Accuracy by {kind}", columns, rows, note)


def floor_of(runs: Sequence[Run]) -> float | None:
    """What reads nothing reaches in these runs' task; None where that is not known."""
    floors = [
        value
        for run in runs
        for entry in by_number(dig(run.result, "task", "floor")).values()
        if (value := number(entry)) is not None
    ]
    return fmean(floors) if floors else None
