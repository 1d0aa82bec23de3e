"""A part that compares memories: scores against length, horizons, solve rates."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib import stats
from lib.report.collect import Run
from lib.report.extrapolation import extrapolation_markup
from lib.report.figure import Look, save_drawing
from lib.report.headline import score_table, solved_table
from lib.report.horizon_figure import draw_horizons
from lib.report.knob import knob_name
from lib.report.markup import Child
from lib.report.page import figure_markup, table_markup
from lib.report.reference import reference_caption, references
from lib.report.score import (
    ModelScores,
    knob_of_models,
    lengths_of,
    model_scores,
)
from lib.report.score_figure import draw_overview, draw_panels
from lib.report.strip_figure import STRIP_CAPTION, draw_strip
from lib.report.table import Table

HORIZON_CAPTION = (
    "Horizon of every seed (dots), their median (large mark) and its 95 % bootstrap "
    "interval (bar, from 5 seeds up). An upright stroke marks the number of inputs a "
    "model can see where that is finite. The ends of the axis are open: the true value "
    "lies beyond every length tested."
)
PANEL_CAPTION = (
    "Test score against length, one panel a model; to the right of its name its median "
    "horizon. The axis is logarithmic. Every seed is drawn, a little to the side of "
    "its length so that equal seeds show; n = seeds that ended, where some did not. "
    "Dotted at 0.9: solved. Dashed: the best score of any predictor that sees only the "
    "last inputs; a model above such a line has proved a longer memory. A 95 % "
    "bootstrap interval from 5 seeds really covers the mean about 82 % of the time; "
    "between two-valued seeds read the dots. Where runs are tested at other lengths "
    "than their own a bar under the axis marks those of training, what lies beyond "
    "them is shaded, and the band holds the whole curve at once (max-|t| bootstrap)."
)
OVERVIEW_CAPTION = (
    "Mean score over seeds against length, all models together; dashed: the best score "
    "of any predictor that sees only the last inputs. The horizon of a mean is not the "
    "mean of horizons: take horizons from the table."
)


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_scores(runs)
    return score_table(models) if any(model.scores for model in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """Scores by model and length: tables, horizons, curves."""
    models = model_scores(runs)
    tables = table_markup(score_table(models)), table_markup(solved_table(models))
    axis = knob_name(knob_of_models(models))
    if len(lengths_of(models)) == 1:
        return [tables[0], *_strip(stem, models, styles, figures), tables[1]]
    said = "; ".join(f"{model.label}: {_median(model)}" for model in models)
    horizons, panels, overview = (
        save_drawing(
            figures,
            f"{stem}-{kind}",
            lambda narrow, draw=draw: draw(models, styles, narrow),
            f"{title}. Median horizons: {said}.",
        )
        for kind, title, draw in (
            ("horizon", "Horizon of every seed by model", draw_horizons),
            ("score", f"Score against {axis}, every seed, by model", draw_panels),
            ("mean", f"Mean score against {axis} of all models", draw_overview),
        )
    )
    lines = reference_caption(references(models))
    return [
        tables[0],
        figure_markup(horizons, HORIZON_CAPTION.replace("length", axis), is_small=True),
        figure_markup(panels, PANEL_CAPTION.replace("length", axis) + lines),
        figure_markup(
            overview, OVERVIEW_CAPTION.replace("length", axis) + lines, is_small=True
        ),
        *extrapolation_markup(stem, runs, figures),
        tables[1],
    ]


def _strip(
    stem: str,
    models: Sequence[ModelScores],
    styles: Mapping[str, Look],
    figures: Path,
) -> list[Child]:
    """In place of curves, which one length does not make."""
    (place,) = lengths_of(models)
    at = f"{knob_name(knob_of_models(models))} {place}"
    curves = {model.label: model.mean_curve() for model in models}
    means = "; ".join(
        f"{label}: {curve[place]:.2f}" if curve else f"{label}: –"
        for label, curve in curves.items()
    )
    drawn = save_drawing(
        figures,
        f"{stem}-score",
        lambda narrow: draw_strip(models, styles, narrow),
        f"Score of every seed at {at}, by model. Mean scores: {means}.",
    )
    caption = STRIP_CAPTION + reference_caption(references(models))
    return [figure_markup(drawn, caption, is_small=True)]


def _median(model: ModelScores) -> str:
    horizons = list(model.horizons.values())
    return str(stats.median_horizon(horizons)) if horizons else "not known yet"
