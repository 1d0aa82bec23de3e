"""A part that compares forecasts: errors beside the trivial, forecasts beside truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.collect import Run
from lib.report.figure import Look, save_drawing
from lib.report.forecast_figure import (
    draw_chorale,
    draw_example,
    draw_one_step,
    draw_sine,
)
from lib.report.markup import Child
from lib.report.page import figure_markup, table_markup
from lib.report.regression import ModelErrors, model_errors
from lib.report.regression_table import error_table
from lib.report.table import Table

SINE_CAPTION = (
    "Grey: the wave. Dotted: each point predicted from the true points before it. Red: "
    "from the end of the training part on (shaded) the network reads its own "
    "predictions; every seed is drawn. A model that was trained on less than a period "
    "has not seen what it is to continue."
)
ONE_STEP_CAPTION = (
    "The beginning of the test split: each row predicted from the true rows before it, "
    "every seed drawn; first and last column where there are several, in the file's "
    "unit."
)
EXAMPLE_CAPTION = (
    "One window of the test split, the forecast made at its end by every seed, the "
    "truth, and forecasters that train nothing; first and last column where there are "
    "several, in the file's unit."
)
CHORALE_CAPTION = (
    "The first piece of the test split, and the probability that the first seed of "
    "each model gives every key one frame ahead, from the true frames before it."
)


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_errors(runs)
    return error_table(models) if any(m.values["test"] for m in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Errors by model, then the forecasts that the kind of task has."""
    models = model_errors(runs)
    children: list[Child] = [table_markup(error_table(models))]
    for name, draw, caption, title in _figures(models):
        drawing = save_drawing(
            figures,
            f"{stem}-{name}",
            lambda narrow, draw=draw: draw(models, narrow),
            f"{title}, by model.",
        )
        children.append(figure_markup(drawing, caption))
    return children


def _figures(models: Sequence[ModelErrors]) -> list[tuple]:
    kinds = {f.get("kind") for m in models for f in m.forecasts.values()}
    horizon = max((m.facts.get("horizon", 1) for m in models), default=1)
    known = [
        (
            "sine",
            "forecast",
            draw_sine,
            SINE_CAPTION,
            "Truth, one-step and free-running",
        ),
        (
            "series",
            "one-step",
            draw_one_step,
            ONE_STEP_CAPTION,
            "Truth and one step ahead",
        ),
        (
            "chorale",
            "chorale",
            draw_chorale,
            CHORALE_CAPTION,
            "A piece and its prediction",
        ),
    ]
    found = [row[1:] for row in known if row[0] in kinds]
    if "series" in kinds and horizon > 1:
        title = "A forecast beside the truth and trivial forecasts"
        found.append(("example", draw_example, EXAMPLE_CAPTION, title))
    return found
