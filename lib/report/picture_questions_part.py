"""A part of questions about pictures: by kind, by clauses, and answers to look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from lib.report.collect import Run
from lib.report.cost import counted, measured_median
from lib.report.figure import Look, save_drawing
from lib.report.headline import seeds_cell
from lib.report.markup import Child
from lib.report.page import figure_markup, table_markup
from lib.report.picture_questions import (
    FLOORS,
    Answers,
    Example,
    answers_of,
    by_clauses,
    columns_of,
    floors_of,
    title_of,
)
from lib.report.picture_questions_figure import (
    CLAUSES_CAPTION,
    EXAMPLE_CAPTION,
    draw_clauses,
    draw_examples,
)
from lib.report.table import Cell, Table

_SHOWN = 4  # questions of a model that are right, and as many wrong
_MODELS = 2  # whose answers are shown


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = answers_of(runs)
    return kind_table(models) if any(model.shares for model in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The table by kind of question, the figure by clauses, pictures with answers."""
    models = answers_of(runs)
    children: list[Child] = [table_markup(kind_table(models))]
    if any(len(by_clauses(model.shares)) > 1 for model in models):
        children.append(table_markup(clause_table(models)))
        drawing = save_drawing(
            figures,
            f"{stem}-clauses",
            lambda narrow: draw_clauses(models, styles, narrow),
            "Share of questions answered right, by number of clauses and model.",
        )
        children.append(figure_markup(drawing, CLAUSES_CAPTION))
    for i, (label, examples) in enumerate(shown(models)):
        drawing = save_drawing(
            figures,
            f"{stem}-answers-{i}",
            lambda narrow, examples=examples: draw_examples(examples, narrow),
            f"Pictures with questions and the answers of {label}.",
        )
        children.append(figure_markup(drawing, f"{label}. {EXAMPLE_CAPTION}"))
    return children


def kind_table(models: Sequence[Answers]) -> Table:
    """One row a model, then the floors: the share right by kind of question."""
    names = columns_of(models)
    columns = ("model", *map(title_of, names), "parameters", "seconds", "seeds")
    rows = [
        (
            Cell(model.label),
            *(_share_cell(model.shares.get(name, ())) for name in names),
            Cell(counted(model.runs, "parameters")),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.shares.get("accuracy", ())), model.planned),
        )
        for model in models
    ]
    rows += _floor_rows(models, names, 3)
    note = (
        "Questions of the test split answered right, in per cent: the mean over seeds, "
        "below it each seed. Floors: the most frequent answer; the best answer to each "
        "question, whatever the picture; the best to each picture, whatever is asked "
        "of it (of one kind, where a column is one). Seconds: training of one run, "
        "median."
    )
    return Table("Questions answered right", columns, rows, note)


def clause_table(models: Sequence[Answers]) -> Table:
    """One row a model, then the floors: the share right by number of clauses."""
    counts = sorted({count for model in models for count in by_clauses(model.shares)})
    names = [f"clauses_{count}" for count in counts]
    rows = [
        (
            Cell(model.label),
            *(_share_cell(model.shares.get(name, ())) for name in names),
        )
        for model in models
    ]
    rows += _floor_rows(models, names, 0)
    note = (
        "The same by the number of clauses between what is asked and the noun; a "
        "question without a noun phrase has none."
    )
    columns = ("model", *(f"{count} clauses" for count in counts))
    return Table("By number of clauses", columns, rows, note)


def shown(models: Sequence[Answers]) -> list[tuple[str, list[Example]]]:
    """Answers of the best models, right ones and then wrong ones."""
    best = lambda model: -fmean(model.shares.get("accuracy") or (0.0,))
    with_answers = sorted((m for m in models if m.examples), key=best)
    found = []
    for model in with_answers[:_MODELS]:
        kinds = [[e for e in model.examples if e.is_right == k] for k in (True, False)]
        found.append((model.label, [e for kind in kinds for e in kind[:_SHOWN]]))
    return found


def _share_cell(values: Sequence[float]) -> Cell:
    if not values:
        return Cell("–")
    each = " ".join(f"{100 * v:.1f}" for v in values) if len(values) > 1 else ""
    return Cell(f"{100 * fmean(values):.1f}", each)


def _floor_rows(
    models: Sequence[Answers], names: Sequence[str], empty: int
) -> list[tuple[Cell, ...]]:
    rows = []
    for name, shares in floors_of(models).items():
        cells = [
            Cell(f"{100 * shares[metric]:.1f}" if metric in shares else "–")
            for metric in names
        ]
        rows.append((Cell(FLOORS[name]), *cells, *[Cell("")] * empty))
    return rows
