"""Whole scenes searched by a run that learned from crops: found, missed, false alarms.

The threshold under which nothing counts as found is set on scenes of validation that
lack the figure, so that at most one in twenty has a higher peak. Its false alarms are
counted on scenes of test that lack it, and what is found on those that have it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8

from lib.locate import Scene, Search, calibrate, locate, make_search, survey
from lib.picture import encode_png
from lib.program import Program
from lib.tasks.crowd_map import NEAR
from lib.tasks.crowd_pool import draw_scene
from lib.tasks.crowd_scene import Crowd
from lib.train import Hparams
from lib.types import Params, Split

Probe = Callable[[Hparams, Params], dict[str, Any]]

SIDE = 1000  # pixels of a scene: a megapixel
FALSE_ALARMS = 0.05  # of the scenes that the threshold is set on
_SHOWN = 3  # scenes kept right, and as many wrong
_KEPT = 250  # pixels of a side of a scene as it is kept


def make_location_probe(program: Program) -> Probe | None:
    """Peaks in `evaluation.num_scenes` scenes each: to calibrate, without, with."""
    count, settings = program.config.evaluation.num_scenes, program.config.task
    if not count:
        return None
    stride = program.task.interface.stride

    def draw(split: Split, index: int, num_targets: int) -> Crowd:
        crowd = settings["density"], settings["similarity"]
        return draw_scene(split, index, SIDE, SIDE, *crowd, num_targets)

    def scenes(split: Split, num_targets: int) -> Iterator[Scene]:
        for index in range(count):
            crowd = draw(split, index, num_targets)
            yield crowd.picture, crowd.targets

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        model = program.make_model(hparams)
        search = make_search(model, params, stride)
        without = survey(search, scenes("validation", 0))
        threshold = calibrate(without.scores, FALSE_ALARMS)
        empty = survey(search, scenes("test", 0))
        filled = survey(search, scenes("test", 1))
        right = filled.errors <= NEAR
        examples = []
        for is_right in (True, False):
            for index in np.flatnonzero(right == is_right)[:_SHOWN]:
                crowd = draw("test", int(index), 1)
                examples.append(_example(crowd, search, is_right))
        return {
            "location": {
                "side": SIDE,
                "within": NEAR,
                "num_scenes": count,
                "threshold": threshold,
                "found": int(right.sum()),
                "found_above": filled.found(threshold, NEAR),
                "false_alarms": empty.alarms(threshold),
                "error": float(np.median(filled.errors)),
                "examples": examples,
            }
        }

    return probe


def _example(crowd: Crowd, search: Search, is_right: bool) -> dict[str, Any]:
    response, found = locate(search, crowd.picture)
    row, column = (int(v) for v in crowd.targets[0])
    return {
        "right": is_right,
        "score": found.score,
        "row": found.row,
        "column": found.column,
        "true_row": row,
        "true_column": column,
        "picture": encode_png(_shrunk(crowd.picture)),
        "response": encode_png(np.rint(255 * response).astype(np.uint8)),
        "at_peak": encode_png(cut_out(crowd.picture, found.row, found.column)),
        "at_figure": encode_png(cut_out(crowd.picture, row, column)),
    }


def cut_out(
    picture: UInt8[np.ndarray, "H W 3"], row: float, column: float, half: int = 45
) -> UInt8[np.ndarray, "h w 3"]:
    """The square around a place, moved inside where it would reach over the border."""
    half = min(half, picture.shape[0] // 2, picture.shape[1] // 2)
    top = int(np.clip(round(row) - half, 0, picture.shape[0] - 2 * half))
    left = int(np.clip(round(column) - half, 0, picture.shape[1] - 2 * half))
    return _coarse(picture[top : top + 2 * half, left : left + 2 * half])


def _shrunk(picture: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    from PIL import Image

    small = Image.fromarray(picture).resize((_KEPT, _KEPT), Image.Resampling.LANCZOS)
    return _coarse(np.asarray(small))


def _coarse(values: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """32 levels a colour: half as many bytes in a file."""
    return (values & np.uint8(0xF8)) | np.uint8(0x04)
