"""A part that compares language models: losses, effective contexts, samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.collect import Run
from lib.report.context import ModelLosses, model_losses
from lib.report.context_figure import draw_context
from lib.report.figure import Look, save_drawing
from lib.report.headline import loss_table
from lib.report.language import model_texts, unit_of, vocabulary_of
from lib.report.language_figure import draw_curves, draw_free_running
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.passage import passage_markup
from lib.report.table import Table
from lib.report.vocabulary import vocabulary_table

CONTEXT_CAPTION = (
    "Left: validation loss of a model that sees only the last k {unit}s, every seed "
    "(thin) and the mean. Right: how much of it the longest context would still save, "
    "drawn down to 0.001 nats; upright lines mark the median effective context, the "
    "fewest {unit}s within 0.01 nats."
)
CURVES_CAPTION = (
    "Loss against the step of training, every seed (thin) and the mean. Training: mean "
    "over the steps since the last record, as they were taken, so with dropout where a "
    "model has it. Validation: the whole split."
)
FREE_RUNNING_CAPTION = (
    "How errors add up: after as much true text, the loss of each true next {unit} for "
    "a model that goes on reading the true text (solid) and for one that reads its own "
    "samples instead (dashed), drawn at temperature 1; means over validation windows "
    "and over spans of half an octave. In training a model never sees its own errors."
)


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_losses(runs)
    known = any(model.losses["validation"] for model in models)
    return loss_table(models) if known else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Losses by model, over training, by context and on own samples; texts."""
    models, texts, unit = model_losses(runs), model_texts(runs), unit_of(runs)
    texts = sorted(texts, key=lambda text: [m.label for m in models].index(text.label))
    floor = max((m.floor for m in models if m.floor is not None), default=None)
    children: list[Child] = [table_markup(loss_table(models))]
    if facts := vocabulary_of(runs):
        children.append(table_markup(vocabulary_table(facts)))
    for name, is_known, draw, caption, title in (
        (
            "curves",
            any(text.curves for text in texts),
            lambda narrow: draw_curves(texts, styles, unit, narrow),
            CURVES_CAPTION,
            "Training and validation loss against the step",
        ),
        (
            "context",
            any(model.context for model in models),
            lambda narrow: draw_context(models, styles, unit, narrow),
            CONTEXT_CAPTION,
            f"Validation loss against the number of last {unit.name}s seen",
        ),
        (
            "free-running",
            any(text.free for text in texts),
            lambda narrow: draw_free_running(texts, styles, unit, floor, narrow),
            FREE_RUNNING_CAPTION,
            "Loss on true pasts and on own samples",
        ),
    ):
        if is_known:
            said = f"{title}, by model."
            drawing = save_drawing(figures, f"{stem}-{name}", draw, said)
            markup = figure_markup(
                drawing, caption.format(unit=unit.name), name == "free-running"
            )
            children.append(markup)
    return [*children, *passage_markup(texts, unit), *_samples(models)]


def _samples(models: Sequence[ModelLosses]) -> list[Child]:
    samples = [
        element(
            "div",
            element("h4", f"{model.label}, seed {model.sample_seed}"),
            element("pre", model.sample.expandtabs(4)),
        )
        for model in models
        if model.sample
    ]
    if not samples:
        return []
    title = element("h3", "Generated text, as it came")
    return [title, element("div", *samples, class_="samples")]
