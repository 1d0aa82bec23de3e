"""easy-VQA: what shape, what colour, and is it there? (V. Zhou 2019.)

4,000 pictures of 64 x 64 pixels with one shape each and 38,575 questions about them; a
fixed tenth of the pictures validates, with their questions. 1,000 pictures with 9,673
questions test. 13 answers: yes, no, three shapes, eight colours; 74 % of the questions
are answered yes or no. On test the most frequent answer reaches 0.37, the most frequent
one to each question 0.67.
"""

import functools
import json

import numpy as np

from lib.data import dataset
from lib.data.labelled import VALIDATION_SHARE, shuffled
from lib.data.picture_question import (
    Asked,
    Blind,
    Gallery,
    cut_pictures,
    make_picture_questions,
)
from lib.data.source import Record
from lib.setting import Size
from lib.types import Split, Task

NAME = "easy_vqa"
_GROUPS = {
    "yes or no": ("yes", "no"),
    "shape": ("circle", "rectangle", "triangle"),
    "colour": ("black", "blue", "brown", "gray", "green", "red", "teal", "yellow"),
}


def make_easy_vqa(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    questions_per_picture: Size = 1,
    blind: Blind = "none",
) -> Task:
    """Questions about a picture of one coloured shape."""
    gallery = _read(dataset.fingerprint(NAME))
    return make_picture_questions(
        gallery,
        split,
        batch_size,
        max_length,
        # In evaluation the questions are tiled, each with its picture.
        questions_per_picture=questions_per_picture if split == "train" else 1,
        blind=blind,
    )


@functools.lru_cache(maxsize=1)
def _read(fingerprint: str) -> Gallery:
    whole = {split: _asked(record) for split, [record] in dataset.load(NAME).items()}
    train = whole["train"]
    order = shuffled([picture.tobytes() for picture in train.pictures], "validation")
    validates = np.zeros(len(train.pictures), bool)
    validates[order[: round(VALIDATION_SHARE * len(order))]] = True
    splits: dict[Split, Asked] = {
        "train": cut_pictures(train, ~validates),
        "validation": cut_pictures(train, validates),
        "test": whole["test"],
    }
    classes = tuple(answer for answers in _GROUPS.values() for answer in answers)
    return Gallery(NAME, classes, _GROUPS, splits, fingerprint)


def _asked(record: Record) -> Asked:
    rows = sorted(json.loads(record["questions"]), key=lambda row: row[2])
    questions, answers, picture = zip(*rows, strict=True)
    return Asked(record["pictures"], np.asarray(picture), questions, answers)
