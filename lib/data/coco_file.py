"""COCO captions as their authors publish them, with pictures made small.

    FOLDER/annotations/captions_train2017.json, captions_val2017.json
    FOLDER/train2017/000000391895.jpg, ...      FOLDER/val2017/...

or a .tar of such a folder. In the JSON "images" have an "id" and a "file_name", and
"annotations" an "image_id" and a "caption" (https://cocodataset.org/#format-data).

A folder has up to 123,287 pictures, 19 GB. Each is opened once, its shorter side scaled
to `side` and the middle cut out; the small pictures are kept beside prepared data sets
in files that are mapped into memory, so that a folder is read whole a single time. It
is read again when its annotations, or a picture's size or date, have changed. The
digest is of the captions and the small pictures, wherever they came from.
"""

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from lib.data.folder import cache_folder
from lib.error import UserError
from lib.picture import read_picture

PARTS = ("train2017", "val2017")
_PROGRESS = 2000  # pictures between two lines of progress


class Part(NamedTuple):
    """The captioned pictures of a part, by id in increasing order."""

    images: UInt8[np.ndarray, "N S S 3"]
    captions: tuple[tuple[str, ...], ...]  # of each picture, in the file's order


def read_coco(path: Path, side: int, most: int = 0) -> tuple[dict[str, Part], str]:
    """The parts of a folder or .tar, and a digest that names their content.

    `most`: of each part only the first pictures; 0: all.

    Raises: UserError for what is missing or not in COCO's format.
    """
    if path.is_file():
        with tempfile.TemporaryDirectory() as name:
            _unpack(path, Path(name))
            return _read_folder(Path(name), path, side, most)
    return _read_folder(path, path, side, most)


def _unpack(path: Path, folder: Path) -> None:
    try:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"coco_captions: cannot unpack {path}: {error}") from error


def _read_folder(
    folder: Path, shown: Path, side: int, most: int
) -> tuple[dict[str, Part], str]:
    listed, seen = {}, hashlib.sha256(f"{side} {most} 2".encode())
    for part in PARTS:
        file = folder / "annotations" / f"captions_{part}.json"
        if not file.is_file():
            raise UserError(
                f"coco_captions: {shown} has no annotations/{file.name}: it must hold "
                f"annotations/ and the folders {' and '.join(PARTS)} of COCO 2017 "
                "(https://cocodataset.org/#download)"
            )
        content = file.read_bytes()
        seen.update(content)
        listed[part] = _listed(content, f"{shown}/annotations/{file.name}", most)
        for name in listed[part]:
            picture = folder / part / name
            if not picture.is_file():
                raise UserError(f"coco_captions: {shown} has no {part}/{name}")
            known = picture.stat()
            seen.update(f"{name} {known.st_size} {known.st_mtime_ns}\n".encode())
    place = cache_folder() / "coco_captions" / seen.hexdigest()[:16]
    if not place.is_dir():
        _shrink_all(folder, listed, side, place)
    try:
        return _load(place, listed)
    except (OSError, ValueError):  # damaged: what is made of the folder can be remade
        shutil.rmtree(place, ignore_errors=True)
        _shrink_all(folder, listed, side, place)
        return _load(place, listed)


def _load(
    place: Path, listed: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> tuple[dict[str, Part], str]:
    """The parts, and the digest of their captions and pictures."""
    digest, parts = hashlib.sha256(), {}
    for part, captions in listed.items():
        images = np.load(place / f"{part}.npy", mmap_mode="r")
        if len(images) != len(captions):
            raise ValueError(f"{place}: {len(images)} pictures of {len(captions)}")
        parts[part] = Part(images, tuple(captions.values()))
        digest.update(json.dumps([part, parts[part].captions]).encode())
        for first in range(0, len(images), _PROGRESS):
            digest.update(images[first : first + _PROGRESS].tobytes())
    return parts, digest.hexdigest()


def _listed(content: bytes, file: str, most: int) -> dict[str, tuple[str, ...]]:
    """The captions by the picture's file name, in the order of the pictures' ids."""
    try:
        found: Any = json.loads(content)
        names = {int(image["id"]): str(image["file_name"]) for image in found["images"]}
        captions: dict[int, list[str]] = {}
        for row in found["annotations"]:
            captions.setdefault(int(row["image_id"]), []).append(str(row["caption"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise UserError(
            f"coco_captions: {file} is not in COCO's caption format: {error!r}"
        ) from error
    kept = [i for i in sorted(names) if i in captions][: most or None]
    if not kept:
        raise UserError(f"coco_captions: {file} has no picture with a caption")
    for name in (names[i] for i in kept):
        if Path(name).name != name:
            raise UserError(f"coco_captions: {file}: {name!r} is not a file's name")
    return {names[i]: tuple(captions[i]) for i in kept}


def _shrink_all(
    folder: Path, listed: Mapping[str, Mapping[str, Any]], side: int, place: Path
) -> None:
    """Write every part's small pictures, and rename them into place at the end."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as name:
            made = Path(name) / "made"
            made.mkdir()
            for part, names in listed.items():
                shape = (len(names), side, side, 3)
                images = np.lib.format.open_memmap(
                    made / f"{part}.npy", "w+", np.uint8, shape
                )
                for i, file in enumerate(names):
                    images[i] = _shrunk(folder / part / file, side)
                    if (i + 1) % _PROGRESS == 0:
                        said = f"{part}: {i + 1:,} of {len(names):,} pictures"
                        print(said, file=sys.stderr)
                images.flush()
                del images
            try:
                os.rename(made, place)
            except OSError:
                if not place.is_dir():  # another process was first, with the same
                    raise
    except OSError as error:
        raise UserError(f"coco_captions: cannot write {place}: {error}") from error


def _shrunk(path: Path, side: int) -> UInt8[np.ndarray, "S S 3"]:
    """The middle square of a picture, `side` pixels wide."""
    return shrink(read_picture(path), side)


def shrink(
    picture: UInt8[np.ndarray, "H W 3"], side: int
) -> UInt8[np.ndarray, "S S 3"]:
    """A picture's middle square, scaled to `side` pixels by the mean of each area."""
    from PIL import Image

    rows, columns = picture.shape[:2]
    square = min(rows, columns)
    top, left = (rows - square) // 2, (columns - square) // 2
    box = (left, top, left + square, top + square)
    method = Image.Resampling.BOX if square >= side else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(picture).resize((side, side), method, box=box))
