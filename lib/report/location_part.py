"""A part that looks for one figure in crowds: rates, and scenes found and missed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from lib.report.collect import Run
from lib.report.cost import counted, measured_median
from lib.report.figure import Look, save_drawing
from lib.report.headline import mean_cell, seeds_cell
from lib.report.location import Example, Place, places
from lib.report.location_rate_figure import (
    EXAMPLE_CAPTION,
    RATE_CAPTION,
    draw_examples,
    draw_rates,
    varied,
)
from lib.report.markup import Child
from lib.report.page import figure_markup, table_markup
from lib.report.table import Cell, Table
from lib.stats import wilson_interval

_SHOWN = 2  # scenes of a crowd that are right, and as many wrong
_CROWDS = 3  # whose scenes are shown


def headline(runs: Sequence[Run]) -> Table | None:
    """The table that a part opens with; None before any of its runs has ended."""
    crowds = places(runs)
    return rate_table(crowds) if any(place.found for place in crowds) else None


def part_markup(
    stem: str, runs: Sequence[Run], styles: Mapping[str, Look], figures: Path
) -> list[Child]:
    """The table, rates against density and similarity, and scenes."""
    del styles  # a line is a value of the crowd's settings, not a model
    crowds = places(runs)
    children: list[Child] = [table_markup(rate_table(crowds))]
    if varied(crowds):
        drawing = save_drawing(
            figures,
            f"{stem}-found",
            lambda narrow: draw_rates(crowds, narrow),
            "Share of scenes in which the figure is found, by density and similarity.",
        )
        children.append(figure_markup(drawing, RATE_CAPTION))
    for i, (label, examples) in enumerate(shown(crowds)):
        drawing = save_drawing(
            figures,
            f"{stem}-scenes-{i}",
            lambda narrow, examples=examples: draw_examples(examples, narrow),
            f"Scenes searched by {label}, with response maps.",
        )
        children.append(figure_markup(drawing, f"{label}. {EXAMPLE_CAPTION}"))
    return children


def rate_table(crowds: Sequence[Place]) -> Table:
    """One row a crowd."""
    columns = (
        "crowd",
        "crops found",
        "crops alarmed",
        "scenes found",
        "above threshold",
    )
    columns += ("false alarms", "off by, pixels", "parameters", "seconds", "seeds")
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(place.label),
            mean_cell(list(place.found)),
            mean_cell(list(place.false_alarm)),
            _share(place.scenes_near, place.scenes),
            _share(place.scenes_found, place.scenes),
            _share(place.scenes_alarmed, place.scenes),
            Cell(f"{median(place.errors):.1f}" if place.errors else "–"),
            Cell(counted(place.runs, "parameters")),
            Cell(measured_median(place.runs, "train_seconds")),
            seeds_cell(len(place.found), place.planned),
        )
        for place in crowds
    ]
    floors = [place.floor for place in crowds if place.floor is not None]
    if floors:
        empty = [Cell("")] * (len(columns) - 2)
        rows.append((Cell("floor: does not look"), Cell(f"{floors[0]:.3f}"), *empty))
    note = (
        "Crops found: of test crops with the figure, those whose highest answer is "
        "within 8 pixels of it; alarmed: of those without, with an answer above 1/2; "
        "means over seeds. Scenes found: of fresh scenes of a megapixel with one "
        "figure, those whose peak is within 8 pixels, over all seeds [95 % Wilson "
        "interval; the seeds search the same scenes]; above threshold: of these, with "
        "a score that counts as found; false alarms: of scenes without the figure, "
        "those with such a score. The threshold is set on other scenes without it, for "
        "at most 1 in 20."
    )
    return Table("Found in the crowd", columns, rows, note)


def shown(crowds: Sequence[Place]) -> list[tuple[str, list[Example]]]:
    """Scenes of the crowds with the most misses to show, some right and some wrong."""
    with_scenes = [place for place in crowds if place.examples]
    wrong = lambda place: sum(not example.is_right for example in place.examples)
    chosen = sorted(with_scenes, key=wrong, reverse=True)[:_CROWDS]
    found = []
    for place in (place for place in crowds if place in chosen):
        kinds = [[e for e in place.examples if e.is_right == k] for k in (True, False)]
        found.append((place.label, [e for kind in kinds for e in kind[:_SHOWN]]))
    return found


def _share(hits: int, count: int) -> Cell:
    if not count:
        return Cell("–")
    low, high = wilson_interval(hits, count)
    return Cell(f"{hits / count:.3f}", f"{hits} of {count} [{low:.3f}, {high:.3f}]")
