"""A part that compares classifiers of texts: beside TF-IDF, by words read, by word."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib import stats
from lib.report.classification import (
    Beside,
    ModelAnswers,
    besides,
    facts_of,
    floor_of,
    metric_of,
    model_answers,
    unit_of,
)
from lib.report.classification_figure import draw_confusion, draw_words_read
from lib.report.collect import Run, number, whole
from lib.report.cost import counted, measured_median, three_digits
from lib.report.evidence import evidence_markup, legend_markup
from lib.report.evidence_figure import CAPTION, draw_course
from lib.report.figure import Look, save_drawing
from lib.report.headline import COST_KEYS, COSTS, mean_cell, seeds_cell
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table

READ_CAPTION = (
    "Test {metric} when only the first {unit} of a text are read; each model was "
    "trained once. Every seed and fold is drawn thin, the mean thick with marks. Grey, "
    "dashed: scikit-learn's TF-IDF and logistic regression on the same texts, read as "
    "far. Lengths have a log scale."
)
CONFUSION_CAPTION = (
    "Of the test texts of a class (rows), how many in a hundred were answered as each "
    "class (columns), by {label}, over all its seeds and folds."
)


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = model_answers(runs)
    return answer_table(models) if any(model.values for model in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The table, the metric against words read, confusion, what each word did."""
    del styles  # folds are one line here, so labels are the part's own
    models = [model for model in model_answers(runs) if model.values]
    children: list[Child] = [element("p", facts_text(models), class_="facts")]
    children.append(table_markup(answer_table(model_answers(runs))))
    metric, unit = metric_of(models), unit_of(models)
    floor, beside = floor_of(models), besides(models)
    if any(len(model.mean_curve()) > 1 for model in models):
        drawing = save_drawing(
            figures,
            f"{stem}-read",
            lambda narrow: draw_words_read(models, beside, floor, metric, unit, narrow),
            f"Test {metric} against {unit} read, by model.",
        )
        caption = READ_CAPTION.format(metric=metric, unit=unit)
        children.append(figure_markup(drawing, caption))
    best = models[0]
    if best.confusion is not None and len(best.classes) > 2:
        drawing = save_drawing(
            figures,
            f"{stem}-confusion",
            lambda narrow: draw_confusion(best, narrow),
            f"Which classes {best.label} takes for which.",
        )
        caption = CONFUSION_CAPTION.format(label=best.label)
        children.append(figure_markup(drawing, caption, is_small=True))
    return [*children, *_evidence(stem, models, figures)]


def answer_table(models: Sequence[ModelAnswers]) -> Table:
    """One row a model, then TF-IDF and the floor."""
    metric, unit = metric_of(models), unit_of(models)
    longest = max((model.longest for model in models), default=0)
    columns = ("model", f"test {metric}", f"validation {metric}", *COSTS)
    rows = [
        (
            Cell(model.label),
            mean_cell(model.at(model.longest)),
            mean_cell(model.validation),
            *(Cell(counted(model.runs, key)) for key in COST_KEYS),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values), model.planned),
        )
        for model in models
    ]
    rows += [_beside_row(method) for method in besides(models)]
    floor, empty = floor_of(models), [Cell("")] * (len(COSTS) + 2)
    if floor is not None:
        rows.append((Cell("floor: reads nothing"), Cell(f"{floor:.3f}"), *empty))
    note = (
        f"Test {metric}, reading up to {longest:,} {unit}: mean over seeds and folds "
        f"[95 % bootstrap interval, from {stats.MIN_SEEDS} up]; TF-IDF reads texts "
        "whole. Validation is a tenth of the training texts, read as in training; it "
        "chose the settings. Seconds: training of one run, median."
    )
    return Table("Answers right", (*columns, "seeds"), rows, note)


def facts_text(models: Sequence[ModelAnswers]) -> str:
    """How many texts there are, and how much of them is known, in a sentence or two."""
    said = []
    for facts in facts_of(models)[:1]:
        counts = facts.get("num_texts")
        counts = counts if isinstance(counts, dict) else {}
        texts = ", ".join(
            f"{n:,} {split}" for split, n in counts.items() if whole(n) is not None
        )
        unit, size = facts.get("unit"), whole(facts.get("vocabulary_size"))
        rate = number(facts.get("unknown_rate"))
        said.append(f"Texts: {texts}.")
        if size is not None and rate is not None:
            said.append(
                f"Vocabulary: {size:,} {unit}s, of the training texts alone; "
                f"{100 * rate:.1f} % of what test texts hold is unknown."
            )
        empty = whole(facts.get("num_unknown_texts"))
        if empty:
            said.append(f"{empty:,} test texts hold nothing known: one unknown {unit}.")
    folds = len(facts_of(models))
    if folds > 1:
        said.append(f"Of the first of {folds} folds; the others are alike.")
    return " ".join(said)


def _beside_row(method: Beside) -> tuple[Cell, ...]:
    return (
        Cell(method.name),
        Cell(f"{method.whole:.3f}"),
        Cell(f"{method.validation:.3f}"),
        *[Cell("")] * len(COST_KEYS),
        Cell(three_digits(method.seconds)),
        Cell(f"{method.count} of {method.count}"),
    )


def _evidence(stem: str, models: Sequence[ModelAnswers], figures: Path) -> list[Child]:
    """What each word did, in the texts that the best model with such texts shows."""
    model = next((model for model in models if model.evidence), None)
    if model is None:
        return []
    title = f"What each {unit_of([model])[:-1]} did to the answer of {model.label}"
    children: list[Child] = [element("h3", title), legend_markup()]
    for i, evidence in enumerate(model.evidence):
        children.append(evidence_markup(evidence))
        drawing = save_drawing(
            figures,
            f"{stem}-course-{i}",
            lambda narrow, evidence=evidence: draw_course(evidence, narrow),
            f"Probabilities of {', '.join(evidence.classes)} as the text is read.",
        )
        children.append(figure_markup(drawing, CAPTION, is_small=True))
    return children
