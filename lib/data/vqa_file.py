"""VQA v2 as its authors publish it: questions, ten answers to each, and pictures
(Goyal et al. 2017, arXiv:1612.00837; Antol et al. 2015, arXiv:1505.00468).

    questions     {"questions": [{"question_id", "image_id", "question"}, ...]}
    annotations   {"annotations": [{"question_id", "image_id", "answer_type",
                   "answers": [{"answer"}, ... ten of them]}, ...]}
    pictures      files whose names end in the image_id: COCO_train2014_000000000009.jpg

An answer is compared without capitals, articles and most marks, numbers up to ten as
digits (`normalised`, after the authors' evaluation; that also restores apostrophes in
contractions, which is left out here).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lib.error import UserError

HUMANS = 10  # answers to each question
_SUFFIXES = (".jpg", ".jpeg", ".png")
_DIGITS = "none zero one two three four five six seven eight nine ten".split()
_NUMBERS = {word: str(max(0, i - 1)) for i, word in enumerate(_DIGITS)}
_ARTICLES = ("a", "an", "the")
_MARKS = re.compile(r'[;/\[\]"{}()=+\\_<>@`?!-]')


class Entry(NamedTuple):
    """A question, the picture it is about, and what ten people answered."""

    question: str
    image_id: int
    kind: str  # "yes/no", "number" or "other", as annotated
    answers: tuple[str, ...]  # normalised


def read_entries(questions: Path, annotations: Path) -> list[Entry]:
    """The questions that have answers, in the order of their ids.

    Raises UserError for a file that is none of VQA's; says which, and what it lacks.
    """
    asked = _by_id(questions, "questions", ("question", "image_id"))
    answered = _by_id(annotations, "annotations", ("answers",))
    entries = []
    for number in sorted(asked.keys() & answered.keys()):
        question, annotation = asked[number], answered[number]
        where = f"{annotations}: question {number}"
        entries.append(
            Entry(
                str(question["question"]),
                _whole(f"{questions}: question {number}", question["image_id"]),
                str(annotation.get("answer_type", "other")),
                _answers(where, annotation["answers"]),
            )
        )
    if not entries:
        raise UserError(f"{questions} and {annotations} have no question_id in common")
    return entries


def normalised(answer: str) -> str:
    """An answer as it is compared with others."""
    text = " ".join(answer.lower().split())
    text = _MARKS.sub(" ", text)
    # A mark inside a number stays: 1,000 and 3.5.
    text = re.sub(r"(?<!\d)[.,]|[.,](?!\d)", " ", text)
    text = re.sub(r"(?<=\d),(?=\d)", "", text)
    words = [_NUMBERS.get(word, word) for word in text.split()]
    return " ".join(word for word in words if word not in _ARTICLES)


def credit(said: int) -> float:
    """The accuracy of an answer that `said` of ten people gave.

    min(others / 3, 1), where others are those of nine who gave it, averaged over the
    ten ways to leave one person out: 0, 0.3, 0.6, 0.9 for 0 to 3, and 1 from 4 on.
    """
    without, within = min(said / 3, 1.0), min(max(said - 1, 0) / 3, 1.0)
    return ((HUMANS - said) * without + said * within) / HUMANS


def find_pictures(folder: Path) -> Mapping[int, Path]:
    """The pictures in a folder, and in folders in it, by the number their name ends in.

    Raises UserError where there is none.
    """
    if not folder.is_dir():
        raise UserError(f"vqa: pictures: there is no folder {folder}")
    found = {}
    for path in sorted(folder.rglob("*")):
        number = re.search(r"(\d+)$", path.stem)
        if number and path.suffix.lower() in _SUFFIXES:
            found[int(number[1])] = path
    if not found:
        known = ", ".join(_SUFFIXES)
        raise UserError(
            f"vqa: no picture in {folder}: no name ends in a number ({known})"
        )
    return found


def _by_id(path: Path, key: str, needed: tuple[str, ...]) -> dict[int, dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON: {error}") from error
    rows = content.get(key) if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise UserError(f'{path}: a list "{key}" is wanted, as VQA v2 has')
    found = {}
    for i, row in enumerate(rows):
        kept = row if isinstance(row, dict) else {}
        lacking = [k for k in ("question_id", *needed) if k not in kept]
        if lacking:
            raise UserError(f'{path}: {key}[{i}] has no "{lacking[0]}"')
        found[_whole(f"{path}: {key}[{i}]", row["question_id"])] = row
    return found


def _answers(where: str, given: Any) -> tuple[str, ...]:
    given = given if isinstance(given, list) else []
    rows = [row for row in given if isinstance(row, dict)]
    texts = [row["answer"] for row in rows if isinstance(row.get("answer"), str)]
    if len(texts) != HUMANS or len(given) != HUMANS:
        raise UserError(f"{where}: {HUMANS} answers are wanted, got {len(texts)}")
    return tuple(normalised(text) for text in texts)


def _whole(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UserError(f"{where}: a whole number is wanted, got {value!r}")
    return value
