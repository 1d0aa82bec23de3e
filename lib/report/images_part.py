"""A part that compares classifiers of pictures: errors, confusion, pictures shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from lib import stats
from lib.report.classification import ModelAnswers, floor_of, model_answers
from lib.report.classification_figure import draw_confusion, draw_words_read
from lib.report.collect import Run
from lib.report.cost import counted, measured_median
from lib.report.figure import Look, save_drawing
from lib.report.headline import mean_cell, seeds_cell
from lib.report.images import (
    KINDS,
    Example,
    examples_of,
    flops_a_picture,
    kind_of,
    pictures_tested,
    sizes_text,
)
from lib.report.images_figure import draw_errors
from lib.report.markup import Child, Markup, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table

ERROR_CAPTION = (
    "Test pictures answered wrong, by model, on a log scale. Each mark is a seed, a "
    "stroke their mean; dashed, the floor: always the most frequent class. A seed "
    "without a wrong answer stands at half a picture."
)
READ_CAPTION = (
    "Test accuracy when only the first steps of a picture are read; each model was "
    "trained once. Every seed thin, the mean thick with marks. Log scale."
)
CONFUSION_CAPTION = (
    "Of the test pictures of a class (rows), how many in a hundred were answered as "
    "each class (columns), by {label}, over all its seeds."
)
_TITLES = {"right": "Answered right", "wrong": "Answered wrong"}


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_answers(runs)
    return answer_table(models) if any(model.values for model in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The table, errors, accuracy by steps read, confusion, pictures."""
    del styles  # a label that names the order of reading as well is the part's own
    models = [model for model in model_answers(runs) if model.values]
    floor, best = floor_of(models), models[0]
    children: list[Child] = [element("p", sizes_text(runs), class_="facts")]
    children.append(table_markup(answer_table(model_answers(runs))))
    drawing = save_drawing(
        figures,
        f"{stem}-errors",
        lambda narrow: draw_errors(models, floor, pictures_tested(best), narrow),
        "Test pictures answered wrong, by model.",
    )
    children.append(figure_markup(drawing, ERROR_CAPTION, is_small=True))
    if kind_of(runs) != "pictures" and any(len(m.mean_curve()) > 1 for m in models):
        drawing = save_drawing(
            figures,
            f"{stem}-read",
            lambda narrow: draw_words_read(
                models, (), floor, "accuracy", "steps", narrow, "picture"
            ),
            "Test accuracy against steps read, by model.",
        )
        children.append(figure_markup(drawing, READ_CAPTION))
    if best.confusion is not None and len(best.classes) > 2:
        drawing = save_drawing(
            figures,
            f"{stem}-confusion",
            lambda narrow: draw_confusion(best, narrow),
            f"Which classes {best.label} takes for which.",
        )
        caption = CONFUSION_CAPTION.format(label=best.label)
        children.append(figure_markup(drawing, caption, is_small=True))
    return [*children, *_pictures(models)]


def answer_table(models: Sequence[ModelAnswers]) -> Table:
    """One row a model, the best first, then the floor."""
    columns = ("model", "test accuracy", "validation accuracy", "parameters")
    columns += ("FLOPs a picture", "seconds a run", "seeds")
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(model.label),
            _accuracy(model),
            mean_cell(model.validation, digits=4),
            Cell(counted(model.runs, "parameters")),
            _flops(model),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values), model.planned),
        )
        for model in models
    ]
    floor = floor_of(models)
    if floor is not None:
        empty = [Cell("")] * (len(columns) - 2)
        rows.append((Cell("floor: does not look"), Cell(f"{floor:.4f}"), *empty))
    note = (
        "Test accuracy: mean over seeds [95 %: bootstrap over seeds, from "
        f"{stats.MIN_SEEDS} up; below that Wilson's interval for a network as good as "
        "their mean on as many pictures]. Validation is a tenth of the training "
        "pictures. FLOPs: of one answer, two for a multiply "
        "and add. Seconds: training of one run, median."
    )
    return Table("Pictures answered right", columns, rows, note)


def _accuracy(model: ModelAnswers) -> Cell:
    values, count = model.at(model.longest), pictures_tested(model)
    if not values or len(values) >= stats.MIN_SEEDS or not count:
        return mean_cell(values, digits=4)
    mean = fmean(values)
    low, high = stats.wilson_interval(round(mean * count), count)
    return Cell(f"{mean:.4f}", f"[{low:.4f}, {high:.4f}]")


def _flops(model: ModelAnswers) -> Cell:
    found = sorted({f for run in model.runs if (f := flops_a_picture(run)) is not None})
    return Cell(f"{found[0]:,.0f}" if found else "–")


def _pictures(models: Sequence[ModelAnswers]) -> list[Child]:
    """The pictures that the best model with any shows, right ones and wrong ones."""
    model = next((model for model in models if examples_of(model)), None)
    if model is None:
        return []
    found = examples_of(model)
    children: list[Child] = [element("h3", f"Pictures answered by {model.label}")]
    for kind in KINDS:
        shown = found.get(kind, [])
        if shown:
            children.append(element("p", f"{_TITLES[kind]}:", class_="facts"))
            children.append(
                element("div", *(_picture(e) for e in shown), class_="pictures")
            )
    note = "Each with its class and the likeliest answers; the first of their kind in "
    note += "an order that the pictures decide."
    return [*children, element("p", note, class_="note")]


def _picture(example: Example) -> Markup:
    # One value a line: the likeliest first, whatever the class is.
    answers = [f"{name} {chance:.2f}" for name, chance in example.answers]
    said = f"class {example.target}, answered {', '.join(answers)}"
    return element(
        "figure",
        element("img", src=f"data:image/png;base64,{example.picture}", alt=said),
        element(
            "figcaption",
            element("b", example.target),
            *(element("span", answer) for answer in answers[:2]),
        ),
    )
