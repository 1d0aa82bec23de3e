"""What runs found in crowded scenes, by density and similarity of the crowd."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt8

from lib.picture import decode_png
from lib.report.collect import Run, by_label, by_number, dig, number, whole


@dataclass(frozen=True)
class Example:
    """A scene with one figure, where it was looked for, and the map over it."""

    is_right: bool
    score: float
    found: tuple[float, float]  # row and column in the scene
    true: tuple[float, float]
    side: int  # of the scene, in pixels
    picture: UInt8[np.ndarray, "h w 3"] = field(repr=False)
    response: UInt8[np.ndarray, "i j"] = field(repr=False)
    at_peak: UInt8[np.ndarray, "k l 3"] = field(repr=False)
    at_figure: UInt8[np.ndarray, "m n 3"] = field(repr=False)


@dataclass(frozen=True)
class Place:
    """One compared crowd: what every seed reached on crops and in whole scenes."""

    label: str
    density: float | None
    similarity: float | None
    planned: int  # seeds
    runs: tuple[Run, ...] = field(repr=False)
    found: tuple[float, ...]  # crops, a value a seed
    false_alarm: tuple[float, ...]
    floor: float | None
    scenes: int  # searched with the figure, and as many without, over all seeds
    scenes_near: int  # with the peak near the figure
    scenes_found: int  # and at least the threshold
    scenes_alarmed: int
    errors: tuple[float, ...]  # pixels, the median of each seed
    examples: tuple[Example, ...] = field(repr=False)


def places(runs: Iterable[Run]) -> list[Place]:
    """The compared crowds of one part, in the sweep's order."""
    return [_place(label, members) for label, members in by_label(runs).items()]


def _place(label: str, runs: Sequence[Run]) -> Place:
    done = sorted((r for r in runs if r.state == "done"), key=lambda run: run.seed or 0)
    counts = [c for run in done if (c := _scenes(run)) is not None]
    examples = [e for run in done if (e := _examples(run))]
    floors = [by_number(dig(run.result, "task", "floor")) for run in done]
    floor = [number(v) for values in floors for v in values.values()]
    total = lambda i: sum(count[i] for count in counts)
    errors = [number(dig(run.result, "location", "error")) for run in done]
    setting = lambda key: number(dig(runs[0].config, "task", key))
    return Place(
        label=label,
        density=setting("density"),
        similarity=setting("similarity"),
        planned=len({run.seed for run in runs}),
        runs=tuple(runs),
        found=_metric(done, "found"),
        false_alarm=_metric(done, "false_alarm"),
        floor=next((v for v in floor if v is not None), None),
        scenes=total(0),
        scenes_near=total(1),
        scenes_found=total(2),
        scenes_alarmed=total(3),
        errors=tuple(e for e in errors if e is not None),
        examples=tuple(examples[0]) if examples else (),
    )


def _metric(done: Sequence[Run], name: str) -> tuple[float, ...]:
    tested = [by_number(dig(run.result, "metrics", "test")) for run in done]
    values = [number(dig(m, name)) for by in tested for m in by.values()]
    return tuple(value for value in values if value is not None)


def _scenes(run: Run) -> tuple[int, int, int, int] | None:
    """Scenes, near, found and alarmed; None where the run searched none."""
    keys = ("num_scenes", "found", "found_above", "false_alarms")
    count, *hits = (whole(dig(run.result, "location", key)) for key in keys)
    if (
        count is None
        or count < 1
        or any(h is None or not 0 <= h <= count for h in hits)
    ):
        return None
    near, found, alarmed = (h or 0 for h in hits)
    return count, near, found, alarmed


def _examples(run: Run) -> list[Example]:
    entries = dig(run.result, "location", "examples")
    side = whole(dig(run.result, "location", "side"))
    if not isinstance(entries, list) or side is None or side < 1:
        return []
    read = (_example(entry, side) for entry in entries)
    return [example for example in read if example is not None]


def _example(entry: Any, side: int) -> Example | None:
    """One as it was stored; None for anything else: a result is untrusted data."""
    keys = ("score", "row", "column", "true_row", "true_column")
    values = [number(dig(entry, key)) for key in keys]
    if any(value is None or not -side <= value <= 2 * side for value in values):
        return None
    score, row, column, true_row, true_column = (value or 0.0 for value in values)
    try:
        pictures = [
            decode_png(dig(entry, key))
            for key in ("picture", "response", "at_peak", "at_figure")
        ]
    except ValueError:
        return None
    if [picture.ndim for picture in pictures] != [3, 2, 3, 3]:
        return None
    is_right = dig(entry, "right") is True
    return Example(
        is_right, score, (row, column), (true_row, true_column), side, *pictures
    )
