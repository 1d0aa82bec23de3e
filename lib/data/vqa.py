"""VQA v2: open questions about photographs, of a user's own copy (lib.data.vqa_file).

The classes are the `num_answers` most frequent answers of training, an answer being the
one that most of ten people gave. A question whose answer is no class is asked all the
same, and trains nothing. Scored is the accuracy of VQA: an answer counts as many people
gave it, a third each, averaged over the ten ways to leave one of them out.

Pictures are scaled to `side` x `side` pixels once, whole, and kept beside the prepared
data sets. Without files to test on, a fixed fifth of the pictures tests; a fixed tenth
of the others validates.
"""

import functools
import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Int, UInt8

from lib.data.folder import cache_folder
from lib.data.labelled import VALIDATION_SHARE, shuffled
from lib.data.picture_question import (
    Asked,
    Blind,
    Gallery,
    cut_pictures,
    make_picture_questions,
)
from lib.data.vqa_file import credit, find_pictures, read_entries
from lib.error import UserError
from lib.picture import read_picture
from lib.setting import Bound, Size
from lib.types import Split, Task

NAME = "vqa"
_TEST_SHARE = 0.2
_FEWEST = 4  # pictures, so that every split has some


def make_vqa(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    questions: str = "",
    annotations: str = "",
    pictures: str = "",
    test_questions: str = "",
    test_annotations: str = "",
    test_pictures: str = "",
    side: Annotated[int, Bound(16, 512)] = 64,
    num_answers: Annotated[int, Bound(2, 100_000)] = 1000,
    min_count: Size = 2,
    questions_per_picture: Size = 1,
    blind: Blind = "none",
) -> Task:
    """Questions about photographs; the first three settings name files of training."""
    train = questions, annotations, pictures
    test = test_questions, test_annotations, test_pictures
    for name, value in zip(
        ("questions", "annotations", "pictures"), train, strict=True
    ):
        if not value:
            raise UserError(f"{NAME}: {name} must name a file or folder, got ''")
    if any(test) and not all(test):
        raise UserError(
            f"{NAME}: test_questions, test_annotations and test_pictures are given "
            "together or not at all"
        )
    gallery = _read(train, test if all(test) else (), side, num_answers, min_count)
    return make_picture_questions(
        gallery,
        split,
        batch_size,
        max_length,
        questions_per_picture=questions_per_picture if split == "train" else 1,
        blind=blind,
    )


@functools.lru_cache(maxsize=4)
def _read(
    train: tuple[str, ...],
    test: tuple[str, ...],
    side: int,
    num_answers: int,
    min_count: int,
) -> Gallery:
    whole, found = _asked(train, side)
    order = np.array(shuffled([b"%d" % number for number in found], "vqa"))
    if len(found) < _FEWEST:
        raise UserError(
            f"{NAME}: at least {_FEWEST} pictures with questions are wanted, got "
            f"{len(found)}"
        )
    if test:
        tested, rest = _asked(test, side)[0], order
    else:
        count = max(1, round(_TEST_SHARE * len(order)))
        tested, rest = _part(whole, order[:count]), order[count:]
    count = max(1, round(VALIDATION_SHARE * len(rest)))
    splits: dict[Split, Asked] = {
        "train": _part(whole, rest[count:]),
        "validation": _part(whole, rest[:count]),
        "test": tested,
    }
    counts = Counter(splits["train"].answers)
    frequent = sorted(counts, key=lambda answer: (-counts[answer], answer))
    classes = tuple(frequent[:num_answers])
    fingerprint = _fingerprint(splits)
    return Gallery(NAME, classes, {}, splits, fingerprint, min_count)


def _part(asked: Asked, places: Int[np.ndarray, " M"]) -> Asked:
    chosen = np.zeros(len(asked.pictures), bool)
    chosen[places] = True
    return cut_pictures(asked, chosen)


def _asked(given: Sequence[str], side: int) -> tuple[Asked, list[int]]:
    """The questions whose pictures are there, and the pictures' numbers."""
    questions, annotations, folder = (Path(path).expanduser() for path in given)
    entries = read_entries(questions, annotations)
    paths = find_pictures(folder)
    entries = [entry for entry in entries if entry.image_id in paths]
    if not entries:
        raise UserError(f"{NAME}: none of the pictures of {questions} is in {folder}")
    entries.sort(key=lambda entry: entry.image_id)
    numbers = list(dict.fromkeys(entry.image_id for entry in entries))
    place = {number: i for i, number in enumerate(numbers)}
    said = [Counter(entry.answers) for entry in entries]
    asked = Asked(
        _scaled([paths[number] for number in numbers], side),
        np.array([place[entry.image_id] for entry in entries]),
        tuple(entry.question for entry in entries),
        tuple(counts.most_common(1)[0][0] for counts in said),
        tuple({a: credit(n) for a, n in counts.items()} for counts in said),
    )
    return asked, numbers


def _scaled(paths: Sequence[Path], side: int) -> UInt8[np.ndarray, "N S S 3"]:
    """The pictures at `side` x `side`; scaled once for the files as they are."""
    digest = hashlib.sha256(f"{side}".encode())
    for path in paths:
        known = path.stat()
        digest.update(f"\0{path.resolve()}\0{known.st_size}".encode())
        digest.update(f"\0{known.st_mtime_ns}".encode())
    kept = cache_folder() / NAME / f"{digest.hexdigest()[:16]}.npy"
    try:
        pictures = np.load(kept)
        if pictures.shape == (len(paths), side, side, 3):
            return pictures
    except (OSError, ValueError):
        pass  # not there, or damaged: it is made again
    pictures = np.stack([_scale(read_picture(path), side) for path in paths])
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}.npy")
        np.save(partial, pictures)
        partial.replace(kept)
    except OSError as error:
        raise UserError(f"{NAME}: cannot write to {kept.parent}: {error}") from error
    return pictures


def _scale(
    picture: UInt8[np.ndarray, "H W 3"], side: int
) -> UInt8[np.ndarray, "S S 3"]:
    """The whole picture, stretched to a square."""
    from PIL import Image

    scaled = Image.fromarray(picture).resize((side, side), Image.Resampling.BOX)
    return np.array(scaled)


def _fingerprint(splits: Mapping[Split, Asked]) -> str:
    digest = hashlib.sha256()
    for split, asked in splits.items():
        digest.update(f"{split}\0{asked.pictures.shape}\0".encode())
        digest.update(asked.pictures.tobytes())
        rows = zip(asked.picture.tolist(), asked.questions, asked.credit, strict=True)
        for picture, question, worth in rows:
            told = f"{picture}\0{question}\0{sorted(worth.items())}\0"
            digest.update(told.encode(errors="replace"))
    return digest.hexdigest()
