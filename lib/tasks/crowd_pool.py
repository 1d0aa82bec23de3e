"""The scenes that crops are cut from, drawn once and kept; and whole scenes to search.

What takes seconds to draw is left in the cache folder, named by a digest of everything
it depends on; a broken file is drawn again (an archive's own CRC-32 is checked on
reading), one that cannot be written is not missed.
"""

import contextlib
import functools
import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from lib.data.folder import cache_folder
from lib.tasks.crowd_scene import Crowd, draw_crowd, draw_places
from lib.types import Split

VERSION = 1  # raise it when the same settings draw other scenes
_APART: Mapping[bool, int] = {True: 64, False: 100}  # pixels, in training or not
_DOUBLES = 0.3  # of the figures of training, beside those that are by chance
_SEEDS: Mapping[Split, int] = {"train": 1, "validation": 2, "test": 3}
_WHOLE = 1_000_000  # keys of whole scenes lie apart from those of scenes for crops
_MARGIN = 40  # pixels from a whole scene's border to its target
_KEPT = 4_000_000  # bytes from which on pictures are worth keeping


class Pool(NamedTuple):
    """Scenes, and (scene, row, column) of the targets and of the doubles in them."""

    pictures: UInt8[np.ndarray, "N S S 3"]
    places: Int[np.ndarray, "M 3"]
    doubles: Int[np.ndarray, "L 3"]


def draw_scene(
    split: Split,
    index: int,
    height: int,
    width: int,
    density: float,
    similarity: float,
    num_targets: int = 1,
) -> Crowd:
    """Whole scene `index` of a split, with its targets at random, 40 pixels inside.

    Scenes of one index with and without a target are drawn from different keys.
    """
    rng = np.random.default_rng([_SEEDS[split], _WHOLE, num_targets, index])
    inside = lambda size: int(rng.integers(_MARGIN, size - _MARGIN))
    places = [(inside(height), inside(width)) for _ in range(num_targets)]
    return draw_crowd(rng, height, width, density, similarity, places)


@functools.lru_cache(maxsize=6)
def make_pool(
    split: Split,
    num_scenes: int,
    side: int,
    density: float,
    similarity: float,
    crop: int,
) -> Pool:
    """Scenes with as many targets as fit `crop` pixels inside, 64 or 100 apart."""
    settings = [VERSION, split, num_scenes, side, density, similarity, crop]
    name = hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:32]
    path = cache_folder() / "crowd" / f"{name}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    pool = _draw(split, num_scenes, side, density, similarity, crop)
    if pool.pictures.nbytes >= _KEPT:
        _write(path, pool)
    return pool


def _draw(
    split: Split,
    num_scenes: int,
    side: int,
    density: float,
    similarity: float,
    crop: int,
) -> Pool:
    training = split == "train"
    pictures = np.empty((num_scenes, side, side, 3), np.uint8)
    places, doubles = [], []
    for i in range(num_scenes):
        rng = np.random.default_rng([_SEEDS[split], i])
        found = draw_places(rng, side, side, crop, _APART[training])
        more = _DOUBLES if training else 0.0
        crowd = draw_crowd(rng, side, side, density, similarity, found, more)
        pictures[i] = crowd.picture
        places += [(i, *place) for place in found]
        inside = np.all((crowd.doubles >= crop) & (crowd.doubles < side - crop), axis=1)
        doubles += [(i, *place) for place in crowd.doubles[inside]]
    table = lambda rows: np.array(rows, np.int32).reshape(-1, 3)
    return Pool(pictures, table(places), table(doubles))


def _read(path: Path) -> Pool | None:
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return Pool(*(file[name] for name in Pool._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, pool: Pool) -> None:
    partial = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **pool._asdict())
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
