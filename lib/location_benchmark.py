"""How often what is looked for is found, on cases whose answer is known.

Scenes are fresh: of a split's drawing, but with numbers that no training, calibration
or test of a run has seen. Cut-outs lie anywhere in a photograph with equal probability,
whether there is anything in them or not; one that is turned over is not in it.
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8

from lib.locate import Scene, make_search, survey
from lib.stats import wilson_interval
from lib.tasks.crowd_map import NEAR
from lib.tasks.crowd_pool import draw_scene
from lib.template import SCALES, THRESHOLD, find_template, prepare, to_grey
from lib.types import Model, Params

SCENE_SIDE = 1000  # pixels: a megapixel
CUT_SIDE = 48
CUT_NEAR = 4.0  # pixels
_FRESH = 500_000  # the first scene that nothing else has drawn
_VARIED = 4.0  # grey levels: the standard deviation of a cut-out with something in it

Picture = UInt8[np.ndarray, "H W 3"]


def measure_scenes(
    model: Model,
    params: Params,
    stride: int,
    crowd: tuple[float, float],
    threshold: float,
    count: int,
) -> dict[str, Any]:
    """Of `count` fresh scenes of a megapixel with one target and as many without.

    `crowd` is density and similarity.
    """
    search = make_search(model, params, stride)

    def scenes(num_targets: int) -> Iterator[Scene]:
        for i in range(count):
            size = SCENE_SIDE, SCENE_SIDE
            drawn = draw_scene("test", _FRESH + i, *size, *crowd, num_targets)
            yield drawn.picture, drawn.targets

    filled = survey(search, scenes(1))
    empty = survey(search, scenes(0))
    return {
        "scenes": count,
        "threshold": threshold,
        "peak_within_8": rate(filled.found(-np.inf, NEAR), count),
        "found": rate(filled.found(threshold, NEAR), count),
        "false_alarm": rate(empty.alarms(threshold), count),
        "median_error": round(float(np.median(filled.errors)), 2),
    }


def measure_templates(picture: Picture, count: int, seed: int = 0) -> dict[str, Any]:
    """Of `count` random cut-outs of 48 pixels, each changed in five ways.

    A place counts within 4 pixels. `varied` is the same over the cut-outs whose grey
    levels have a standard deviation of at least 4. `false_alarm` is the share of
    cut-outs turned over, left to right, that reach the threshold somewhere: of every
    second one, as each is tried at every scale.
    """
    rng = np.random.default_rng(seed)
    most = round(1.1 * CUT_SIDE * max(SCALES)) + 1
    photograph = prepare(picture, (most, most))
    near: dict[str, list[bool]] = {name: [] for name in CHANGES}
    sure: dict[str, list[bool]] = {name: [] for name in CHANGES}
    varied, strange = [], []
    for i in range(count):
        row = int(rng.integers(0, picture.shape[0] - CUT_SIDE + 1))
        column = int(rng.integers(0, picture.shape[1] - CUT_SIDE + 1))
        cut = picture[row : row + CUT_SIDE, column : column + CUT_SIDE]
        varied.append(to_grey(cut).std() / 256 >= _VARIED)
        middle = (CUT_SIDE - 1) / 2
        for name, change in CHANGES.items():
            found = find_template(photograph, change(cut))
            gap = np.hypot(found.row - row - middle, found.column - column - middle)
            near[name].append(bool(gap <= CUT_NEAR))
            sure[name].append(bool(gap <= CUT_NEAR and found.score >= THRESHOLD))
        if i % 2 == 0:
            strange.append(find_template(photograph, cut[:, ::-1]).score)
    chosen = np.array(varied)
    return {
        "cut_outs": count,
        "threshold": THRESHOLD,
        "within_4": {n: rate(sum(v), count) for n, v in near.items()},
        "found": {n: rate(sum(v), count) for n, v in sure.items()},
        "varied": {
            n: rate(int(np.array(v)[chosen].sum()), int(chosen.sum()))
            for n, v in near.items()
        },
        "false_alarm": rate(int(np.sum(np.array(strange) >= THRESHOLD)), len(strange)),
        "scores_of_those_turned_over": {
            name: round(float(np.quantile(strange, share)), 3)
            for name, share in (("median", 0.5), ("95 %", 0.95), ("highest", 1.0))
        },
    }


def rate(hits: int, count: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval."""
    if not count:
        return {"share": None, "interval": None, "count": [hits, count]}
    low, high = wilson_interval(hits, count)
    interval = [round(low, 4), round(high, 4)]
    return {"share": hits / count, "interval": interval, "count": [hits, count]}


def relight(cut: Picture) -> Picture:
    """Contrast down to 0.7, brightness up by 25 of 255."""
    changed = (cut.astype(np.float32) - 128) * 0.7 + 128 + 25
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def recompress(cut: Picture) -> Picture:
    """A JPEG file of quality 70, read again."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(cut).save(file, "JPEG", quality=70)
    with Image.open(file) as image:
        return np.array(image.convert("RGB"))


def resize(cut: Picture, scale: float) -> Picture:
    """Bicubic."""
    from PIL import Image

    height, width = (round(side * scale) for side in cut.shape[:2])
    image = Image.fromarray(np.ascontiguousarray(cut))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "plain": lambda cut: cut,
    "brightness and contrast": relight,
    "JPEG 70": recompress,
    "scale 0.9": lambda cut: resize(cut, 0.9),
    "scale 1.1": lambda cut: resize(cut, 1.1),
}
