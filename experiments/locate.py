"""Finds one figure in a crowded picture, or a cut-out in a photograph.

    python -m experiments.locate --run=ID picture.png [--store=results]
    python -m experiments.locate --template=cut.png picture.jpg
    python -m experiments.locate --run=ID --benchmark
    python -m experiments.locate --benchmark picture.jpg

Prints JSON: whether it was found, the row and column of its middle in pixels, the box
around it (top, left, bottom, right), the score, the threshold that the score is held
against, and how often a picture that lacks it has a higher score. The picture with the
box, and the response map beside it, is written to --out: by default a file named after
the picture, -located.png, in the current folder.

A run is one of `crowd`; it looks for the figure that it learned. Its threshold was set
by its probe (evaluation.num_scenes). A template is found at 0.9 to 1.1 of its size.

--benchmark measures: a run on 200 fresh scenes of a megapixel with the figure and 200
without; templates on 100 random cut-outs of 48 pixels, each plain, with another
brightness and contrast, as JPEG of quality 70, and at 0.9 and 1.1 of its size. Scenes
are as crowded as those the run learned from, or have another --density, --similarity.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.output import output_path, write_output
from experiments.program import run
from lib.error import UserError

RUN = flags.DEFINE_string("run", None, "The run's id, 16 hexadecimal digits.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
TEMPLATE = flags.DEFINE_string("template", None, "A picture of what is looked for.")
OUT = flags.DEFINE_string(
    "out", None, "The picture to write; by default NAME-located.png in this folder."
)
THRESHOLD = flags.DEFINE_float(
    "threshold", None, "Scores below it count as not found; by default the calibrated."
)
MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels", 100.0, "Larger pictures are refused before they are decoded."
)
BENCHMARK = flags.DEFINE_bool("benchmark", False, "Measure on cases that are known.")
NUM_CASES = flags.DEFINE_integer(
    "num_cases", 0, "Of --benchmark: 200 scenes or 100 cut-outs.", lower_bound=0
)
DENSITY = flags.DEFINE_float(
    "density", None, "Of --benchmark: figures on 100 x 100 pixels; the run's.", 0.0
)
SIMILARITY = flags.DEFINE_float(
    "similarity", None, "Of --benchmark: of the other figures; the run's.", 0.0, 1.0
)


def main(arguments: Sequence[str]) -> int:
    paths = list(arguments[1:])
    _check(paths)
    if BENCHMARK.value:
        print(json.dumps(_measure(paths)))
        return 0
    out = output_path("--out", OUT.value or f"{Path(paths[0]).stem}-located.png")
    picture = _read(paths[0], 8)
    if RUN.value is not None:
        said, draw = _search_figure(paths[0], picture)
    else:
        said, draw = _search_template(picture, _read(TEMPLATE.value, 4))
    from lib.report.figure import png

    write_output("--out", out, png(draw))
    print(json.dumps({**said, "picture": str(out)}))
    return 0


def _check(paths: Sequence[str]) -> None:
    """Raise UserError for flags that do not say one thing to do."""
    if (RUN.value is None) == (TEMPLATE.value is None) and not BENCHMARK.value:
        raise UserError("give what is looked for as either --run or --template")
    if BENCHMARK.value and TEMPLATE.value is not None:
        raise UserError("--benchmark takes a --run, or a picture to cut out of")
    needs_picture = RUN.value is None or not BENCHMARK.value
    if needs_picture and not paths:
        raise UserError("give the picture to search as an argument")
    if not needs_picture and paths:
        raise UserError(f"--run with --benchmark draws its scenes; {paths[0]!r} is not")
    measured = (DENSITY.value, SIMILARITY.value)
    if any(value is not None and not math.isfinite(value) for value in measured):
        raise UserError("--density and --similarity must be finite numbers")
    if not BENCHMARK.value and measured != (None, None):
        raise UserError("--density and --similarity are of --benchmark alone")
    if THRESHOLD.value is not None and not 0 <= THRESHOLD.value <= 1:
        raise UserError(f"--threshold must be from 0 to 1, got {THRESHOLD.value}")


def _read(path: str | None, side: int) -> Any:
    from lib.picture import read_picture

    assert path is not None, "checked: a picture is given"
    return read_picture(path, max_megapixels=MAX_MEGAPIXELS.value, min_side=side)


def _measure(paths: Sequence[str]) -> dict[str, Any]:
    """What --benchmark prints."""
    if RUN.value is None:
        from lib.location_benchmark import measure_templates

        return measure_templates(_read(paths[0], 64), NUM_CASES.value or 100)
    from lib.location_benchmark import measure_scenes

    loaded = _load()
    settings = dict(loaded.config.task)
    for flag in (DENSITY, SIMILARITY):
        if flag.value is not None:
            settings[flag.name] = flag.value
    return measure_scenes(
        loaded.model,
        loaded.params,
        loaded.task.interface.stride,
        (settings["density"], settings["similarity"]),
        _calibrated(loaded.result)[0],
        NUM_CASES.value or 200,
    )


def _load() -> Any:
    from lib import load_run

    assert RUN.value is not None, "checked: a run or a template is given"
    loaded = load_run(Path(STORE.value), RUN.value)
    if loaded.task.system != "location":
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which finds no places")
    return loaded


def _calibrated(result: Any) -> tuple[float, float | None]:
    """The threshold, and the share of scenes of a megapixel with a false alarm."""
    from lib.report.collect import dig, number, whole

    found = dig(result, "location")
    threshold, count = number(dig(found, "threshold")), whole(dig(found, "num_scenes"))
    alarms = whole(dig(found, "false_alarms"))
    rate = None
    if count and alarms is not None and 0 <= alarms <= count:  # untrusted data
        rate = alarms / count
    if THRESHOLD.value is not None:
        return THRESHOLD.value, rate if THRESHOLD.value == threshold else None
    if threshold is None:
        raise UserError(
            f"--run: {RUN.value} has no calibrated threshold, as "
            "evaluation.num_scenes was 0; give one with --threshold"
        )
    return threshold, rate


def _search_figure(name: str, picture: Any) -> tuple[dict[str, Any], Any]:
    from lib.locate import check_side, locate, make_search, rate_at
    from lib.tasks.crowd_figure import BOX

    check_side(name, picture.shape, 2 * round(BOX[1]))
    loaded = _load()
    threshold, rate = _calibrated(loaded.result)
    stride = loaded.task.interface.stride
    search = make_search(loaded.model, loaded.params, stride)
    response, found = locate(search, picture)
    megapixels = picture.shape[0] * picture.shape[1] / 1e6
    alarms = None if rate is None else rate_at(rate, megapixels)
    half = (1.25 * BOX[0], 1.25 * BOX[1])
    said = _said(found.row, found.column, found.score, half, threshold, alarms)
    return said, _drawer(picture, response, said, "probability of the figure")


def _search_template(picture: Any, template: Any) -> tuple[dict[str, Any], Any]:
    from lib.template import (
        FALSE_ALARMS,
        check_template,
        find_template,
        largest_size,
        over_picture,
        prepare,
    )
    from lib.template import THRESHOLD as KNOWN

    check_template(template, picture.shape)
    photograph = prepare(picture, largest_size(template, picture.shape))
    found = find_template(photograph, template)
    threshold = KNOWN if THRESHOLD.value is None else THRESHOLD.value
    half = (found.size[0] / 2, found.size[1] / 2)
    alarms = FALSE_ALARMS if threshold == KNOWN else None
    said = _said(found.row, found.column, found.score, half, threshold, alarms)
    said["scale"] = found.scale
    response = over_picture(found, picture.shape)
    return said, _drawer(picture, response, said, "correlation with the cut-out")


def _said(
    row: float,
    column: float,
    score: float,
    half: tuple[float, float],
    threshold: float,
    alarms: float | None,
) -> dict[str, Any]:
    """What is printed; a place that is not found is still named, as the likeliest."""
    box = [row - half[0], column - half[1], row + half[0], column + half[1]]
    return {
        "found": score >= threshold,
        "row": round(row, 1),
        "column": round(column, 1),
        "box": [round(v, 1) for v in box],
        "score": round(score, 4),
        "threshold": round(threshold, 4),
        "false_alarm_rate": None if alarms is None else round(alarms, 4),
    }


def _drawer(picture: Any, response: Any, said: dict[str, Any], heading: str) -> Any:
    from lib.report.location_figure import draw_location

    verdict = "found" if said["found"] else "not found; most like it"
    title = f"{verdict}: row {said['row']:g}, column {said['column']:g}"
    title += f", score {said['score']:.2f} (threshold {said['threshold']:.2f})"
    names = {"response": heading, "box": "the box, enlarged"}
    return lambda: draw_location(
        picture, response, tuple(said["box"]), title, names, said["found"]
    )


if __name__ == "__main__":
    run(main, num_arguments=1)
