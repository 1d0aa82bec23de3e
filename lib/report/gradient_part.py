"""What any part adds whose runs recorded the gradient's way back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.collect import Run
from lib.report.figure import Look, save_drawing
from lib.report.gradient import ModelGradients, decay_text, median_at, model_gradients
from lib.report.gradient_figure import draw_gradients, draw_heat
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table

CURVE_CAPTION = (
    "The gradient of the last answer's loss with respect to the state T - t steps "
    "before it: its L2 norm over the whole state, mean over 32 validation examples, "
    "every seed thin and the median over seeds thick. On the log axis an exponential "
    "is a straight line; beside each name the median seed's decay length, the steps in "
    "which a least-squares line through log norm falls to 1/e, and the seeds' ends. "
    "What has fallen a millionfold on its way back teaches nothing. A model that has "
    "solved its task has small gradients at every lag: compare slopes, not heights."
)
HEAT_CAPTION = (
    "The same over training: log10 of the norm by step and lag, mean over seeds. A "
    "dark upper edge is a past that the loss cannot see yet; it brightens where a "
    "model learns to reach back."
)


def gradient_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Curves before and after training, the heat map, and the decay lengths."""
    models = model_gradients(runs)
    if not models:
        return []
    said = "; ".join(
        f"{m.label}: {decay_text(m.before)} before training" for m in models
    )
    curves = save_drawing(
        figures,
        f"{stem}-gradient",
        lambda narrow: draw_gradients(models, styles, narrow),
        f"Gradient norm against the lag, before and after training. {said}.",
    )
    children: list[Child] = [
        element("h3", "The gradient's way back"),
        figure_markup(curves, CURVE_CAPTION),
    ]
    if any(len(model.heat()[0]) > 1 for model in models):
        heat = save_drawing(
            figures,
            f"{stem}-gradient-heat",
            lambda narrow: draw_heat(models, narrow),
            "Gradient norm by training step and lag, one panel a model.",
        )
        children.append(figure_markup(heat, HEAT_CAPTION))
    children.append(table_markup(gradient_table(models), titled=False))
    return children


def gradient_table(models: Sequence[ModelGradients]) -> Table:
    """Decay lengths, and the norm at the shortest and longest lag."""
    sizes = [len(n) for m in models for rows in m.seeds.values() for n in rows.values()]
    lags = sorted({1, max(min(sizes) // 4, 1), min(sizes)})
    columns = ("model", "decay before training", "decay after training")
    columns += tuple(f"{when}, lag {k}" for when in ("before", "after") for k in lags)
    rows = []
    for model in models:
        cells = [
            Cell(_scientific(median_at(norms, lag)))
            for norms in (model.before, model.after)
            for lag in lags
        ]
        decays = (Cell(decay_text(model.before)), Cell(decay_text(model.after)))
        rows.append((Cell(model.label), *decays, *cells))
    note = "Decay: median seed (ends over seeds). Norms: median over seeds."
    return Table("Decay of the gradient", columns, rows, note, frozenset({1, 2}))


def _scientific(value: float | None) -> str:
    return "–" if value is None else f"{value:.1e}"
