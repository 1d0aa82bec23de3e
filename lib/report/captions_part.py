"""A part of captions: what they mean or are like, by shapes, and pictures with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lib.report.captions import PARTS, Captioner, best, captioners
from lib.report.captions_figure import (
    EXAMPLE_CAPTION,
    LEARNED_CAPTION,
    LENGTH_CAPTION,
    SHAPES_CAPTION,
    by_length,
    draw_examples,
    draw_lengths,
    draw_shapes,
)
from lib.report.collect import Run, by_number, dig, number, whole
from lib.report.cost import counted, measured_median
from lib.report.figure import Look, save_drawing
from lib.report.headline import mean_cell, seeds_cell
from lib.report.markup import Child, element
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    models = captioners(runs)
    if any(model.values("meaning") for model in models):
        return meaning_table(models)
    return likeness_table(models) if any(m.values("bleu") for m in models) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The tables, meaning by number of shapes and by length, and pictures."""
    models = [model for model in captioners(runs) if model.values("bleu")]
    is_scene = any(model.values("meaning") for model in models)
    table = meaning_table(captioners(runs)) if is_scene else None
    children: list[Child] = [table_markup(table or likeness_table(captioners(runs)))]
    if is_scene:
        children.append(table_markup(part_table(models)))
        if any(model.by_shapes() for model in models):
            drawing = save_drawing(
                figures,
                f"{stem}-shapes",
                lambda narrow: draw_shapes(models, styles, narrow),
                "Meaning score of captions by number of shapes, by model.",
            )
            children.append(figure_markup(drawing, SHAPES_CAPTION, is_small=True))
        if any(len(row) > 1 for row in by_length(models).values()):
            drawing = save_drawing(
                figures,
                f"{stem}-length",
                lambda narrow: draw_lengths(models, styles, narrow),
                "Meaning score against the length of the longest caption, by model.",
            )
            children.append(figure_markup(drawing, LENGTH_CAPTION, is_small=True))
    else:
        children.insert(0, element("p", _facts(models), class_="facts"))
    shown = best(models, "meaning" if is_scene else "bleu")
    if shown is not None:
        drawing = save_drawing(
            figures,
            f"{stem}-pictures",
            lambda narrow: draw_examples(shown.examples, narrow),
            f"Pictures with the captions of {shown.label}, right and wrong.",
        )
        children.append(figure_markup(drawing, f"{shown.label}. {EXAMPLE_CAPTION}"))
    if shown is not None and shown.learned:
        drawing = save_drawing(
            figures,
            f"{stem}-learned",
            lambda narrow: draw_examples(shown.learned, narrow),
            f"Training pictures with the captions of {shown.label}.",
        )
        children.append(figure_markup(drawing, f"{shown.label}. {LEARNED_CAPTION}"))
    return children


def meaning_table(models: Sequence[Captioner]) -> Table:
    """One row a model over generated scenes, then the best blind caption."""
    columns = ("model", "meaning", "all right", "same words", "BLEU", "CIDEr-D")
    columns += ("missed", "invented", "parameters", "seconds", "seeds")
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(model.label),
            _each(model.values("meaning")),
            mean_cell(model.values("complete")),
            mean_cell(model.values("exact")),
            mean_cell(model.values("bleu"), 1),
            mean_cell(model.values("cider"), 2),
            mean_cell(model.values("missed")),
            mean_cell(model.values("invented")),
            Cell(counted(model.runs, "parameters")),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values("meaning")), model.planned),
        )
        for model in models
    ]
    floors = [(m.floor, m.blind) for m in models if m.floor is not None]
    for floor, blind in dict.fromkeys(floors):
        empty = [Cell("")] * (len(columns) - 2)
        said = blind.removesuffix(" .")
        rows.append((Cell("floor: does not look", said), Cell(f"{floor:.3f}"), *empty))
    note = (
        "Greedy captions of test scenes, mean over seeds; below the meaning score each "
        "seed. Meaning: 2 right / (told + wanted) over the facts that a caption tells "
        "and those that a complete one has, checked against the scene itself, not "
        "against a reference; any true order and relation counts as right. All right: "
        "captions with a meaning of 1. Same words: equal to the reference. BLEU-4 by "
        "sacrebleu, 0 to 100, and CIDEr-D, 0 to 10, against one reference over the "
        "words as they are. Missed and invented: shapes a picture. Floor: the best "
        "caption that ignores the picture. Seconds: training of one run, median."
    )
    return Table("Captions of scenes", columns, rows, note)


def part_table(models: Sequence[Captioner]) -> Table:
    """How many facts of each part are right."""
    known = [p for p in PARTS if any(m.values("parts", p, "f1") for m in models)]
    counts = sorted({n for model in models for n in model.by_shapes()})
    rows = []
    for model in models:
        cells = [_each(model.values("parts", part, "f1")) for part in known]
        shapes = [_each(model.by_shapes().get(n, [])) for n in counts]
        rows.append((Cell(model.label), *cells, *shapes))
    named = [f"{n} shape{'s' if n > 1 else ''}" for n in counts]
    note = (
        "F1 of the facts of each part over all test scenes, and the meaning score by "
        "the number of shapes: mean over seeds, below it each seed."
    )
    return Table("Meaning, part by part", ("model", *known, *named), rows, note)


def likeness_table(models: Sequence[Captioner]) -> Table:
    """One row a model over pictures with captions by people."""
    columns = ("model", "BLEU", "CIDEr-D", "same words", "words right")
    columns += ("training BLEU", "training CIDEr-D", "training same words")
    columns += ("parameters", "seconds", "seeds")
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(model.label),
            mean_cell(model.values("bleu"), 1),
            mean_cell(model.values("cider"), 2),
            mean_cell(model.values("exact")),
            mean_cell(_words_right(model)),
            mean_cell(model.values("train", "bleu"), 1),
            mean_cell(model.values("train", "cider"), 2),
            mean_cell(model.values("train", "exact")),
            Cell(counted(model.runs, "parameters")),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values("bleu")), model.planned),
        )
        for model in models
    ]
    floors = [
        v
        for model in models
        for run in model.done
        for v in by_number(dig(run.result, "task", "floor")).values()
    ]
    if floors and (floor := number(floors[0])) is not None:
        empty = [Cell("")] * (len(columns) - 5)
        blank = [Cell("")] * 3
        rows.append(
            (Cell("floor: reads nothing"), *blank, Cell(f"{floor:.3f}"), *empty)
        )
    note = (
        "Greedy captions of the test pictures, and of the training pictures, mean over "
        "seeds. BLEU-4 by sacrebleu, 0 to 100, and CIDEr-D, 0 to 10, against all "
        "captions of a picture, over words in lower case without marks. Same words: "
        "equal to one of them. Words right: of test captions, where the true words "
        "before are fed; the floor is the commonest word of each place."
    )
    return Table("Captions of pictures", columns, rows, note)


def _words_right(model: Captioner) -> list[float]:
    found = []
    for run in model.done:
        for row in by_number(dig(run.result, "metrics", "test")).values():
            if (value := number(dig(row, "accuracy"))) is not None:
                found.append(value)
    return found


def _facts(models: Sequence[Captioner]) -> str:
    """How many pictures and captions there are."""
    for run in (run for model in models for run in model.done):
        facts = dig(run.result, "task", "facts")
        pictures, captions = dig(facts, "num_pictures"), dig(facts, "num_captions")
        size, side = whole(dig(facts, "vocabulary_size")), whole(dig(facts, "side"))
        splits = [
            f"{whole(dig(pictures, s)) or 0:,} with {whole(dig(captions, s)) or 0:,} "
            f"captions in {s}"
            for s in ("train", "validation", "test")
        ]
        return f"Pictures: {', '.join(splits)}; side {side} pixels, {size} words."
    return ""


def _each(values: Sequence[float]) -> Cell:
    """The mean, and below it every seed."""
    cell = mean_cell(values)
    return Cell(cell.text, " ".join(f"{v:.3f}" for v in values) if values else "")
