"""easy-VQA: 5,000 pictures of one coloured shape each, with 48,248 questions.

Pictures are PNG, 64 x 64 pixels; a split's questions are one JSON list of [question,
answer, number of the picture]. A split is one record here: its pictures in the order of
their numbers, and the questions as they are published.
"""

import io
import json
from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8

from lib.data.source import Record, Records, Source

SIDE = 64
_SPLITS = ("train", "test")


def _read(files: Mapping[str, bytes]) -> Records:
    return {split: [_split(files, split)] for split in _SPLITS}


def _split(files: Mapping[str, bytes], split: str) -> Record:
    questions = files[f"{split}/questions.json"].decode()
    count = 1 + max(number for _, _, number in json.loads(questions))
    pictures = [_picture(files[f"{split}/images/{i}.png"]) for i in range(count)]
    return {"pictures": np.stack(pictures), "questions": questions}


def _picture(content: bytes) -> UInt8[np.ndarray, "H W 3"]:
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        if image.size != (SIDE, SIDE):
            raise ValueError(f"a picture of {image.size} pixels, not {SIDE} x {SIDE}")
        return np.array(image.convert("RGB"))


EASY_VQA = Source(
    name="easy_vqa",
    version="1.0.0",
    title="easy-VQA: questions about pictures of one coloured shape",
    records="4,000 and 1,000 pictures with 38,575 and 9,673 questions, 13 answers",
    licence="MIT (V. Zhou)",
    homepage="https://github.com/vzhou842/easy-VQA",
    citation="Zhou (2019), easy-VQA, github.com/vzhou842/easy-VQA",
    size=4_521_986,
    downloads=(
        (
            "https://github.com/vzhou842/easy-VQA/archive/"
            "3b553bb7ff42a868d5f4cbe8c88255d7333c3c31.zip",
        ),
    ),
    folder="easy_vqa",
    stems=("easy_vqa_data", "easy-VQA-3b553bb7ff42a868d5f4cbe8c88255d7333c3c31"),
    members=r"(?:^|/)((?:train|test)/(?:questions\.json|images/\d+\.png))$",
    features={"pictures": "pictures", "questions": "text"},
    read=_read,
    digest="5a3e6cbf6a007e072a89234e01dd28879d0f87374490262f56abdeb011ac0754",
)
