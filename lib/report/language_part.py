"""A part that compares language models: losses, effective contexts, samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.collect import Run
from lib.report.context import model_losses
from lib.report.context_figure import draw_context
from lib.report.figure import Look, save_drawing
from lib.report.headline import loss_table
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Table

CONTEXT_CAPTION = (
    "Left: validation loss of a model that sees only the last k characters, every seed "
    "(thin) and the mean. Right: how much of it the longest context would still save, "
    "drawn down to 0.001 nats; upright lines mark the median effective context, the "
    "fewest characters within 0.01 nats."
)


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_losses(runs)
    known = any(model.losses["validation"] for model in models)
    return loss_table(models) if known else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Losses by model: the table, loss by context, generated text."""
    models = model_losses(runs)
    children: list[Child] = [table_markup(loss_table(models))]
    if any(model.context for model in models):
        drawing = save_drawing(
            figures,
            f"{stem}-context",
            lambda narrow: draw_context(models, styles, narrow),
            "Validation loss against the number of last characters seen, by model.",
        )
        children.append(figure_markup(drawing, CONTEXT_CAPTION))
    samples = [
        element(
            "div",
            element("h4", f"{model.label}, seed {model.sample_seed}"),
            element("pre", model.sample.expandtabs(4)),
        )
        for model in models
        if model.sample
    ]
    if samples:
        children.append(element("h3", "Generated text, as it came"))
        children.append(element("div", *samples, class_="samples"))
    return children
