"""The files of bAbI: their names, the questions in their lines, frequent answers."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lib.data import dataset
from lib.data.question import END, split_words
from lib.error import UserError

FOLDERS = {"1k": "en", "10k": "en-10k"}


class Question(NamedTuple):
    """A question with what was told before it; words in lower case."""

    story: tuple[str, ...]
    question: tuple[str, ...]
    answer: tuple[str, ...]
    number: int  # of its story in the file


def read_texts(number: int, size: str) -> tuple[str, dict[str, str]]:
    """A task's name, and its files' texts by split."""
    start = re.compile(rf"{FOLDERS[size]}/qa(\d+)_(.+)_(train|test)")
    matches = [
        (start.fullmatch(r["name"]), r["text"]) for r in dataset.load("babi")["all"]
    ]
    files = {(int(m[1]), m[3]): (m[2], text) for m, text in matches if m}
    lacking = [s for s in ("train", "test") if (number, s) not in files]
    if lacking:
        known = sorted(
            {n for n, _ in files if {(n, "train"), (n, "test")} <= set(files)}
        )
        listed = ", ".join(map(str, known))
        raise UserError(
            f"babi: this data set has no {' and no '.join(lacking)} file of task "
            f"{number} at size {size} (it has tasks {listed})"
        )
    names = {s: files[number, s] for s in ("train", "test")}
    return names["train"][0], {s: text for s, (_, text) in names.items()}


def parse(text: str) -> list[Question]:
    """The questions of a file, in its order."""
    found, told, number = [], [], -1
    for row, line in enumerate(text.splitlines(), start=1):
        place, _, rest = line.partition(" ")
        if not place.isdigit() or (number < 0 and place != "1"):
            raise UserError(f"babi: line {row} is not a line of a story: {line!r}")
        if place == "1":
            told, number = [], number + 1
        asked, *answer = rest.split("\t")
        words = split_words(asked.lower())
        if not answer:
            told += words
            continue
        reply = [w.strip() for w in answer[0].lower().split(",")]
        found.append(Question(tuple(told), tuple(words), (*reply, END), number))
    return found


def floors_of(
    examples: Mapping[str, Sequence[Question]],
) -> tuple[dict[str, float], dict[str, str]]:
    """What the most frequent answers reach on each split, and what they are.

    One answer for all questions, under the name "", or one for each first word.
    """
    train = examples["train"]
    one = {"": _most_frequent(q.answer for q in train)}
    by_word = dict(one)
    for word in sorted({q.question[0] for q in train}):
        by_word[word] = _most_frequent(q.answer for q in train if q.question[0] == word)

    def reached(rule: Mapping[str, tuple[str, ...]], split: str) -> float:
        asked = examples[split]
        right = [rule.get(q.question[0], rule[""]) == q.answer for q in asked]
        return sum(right) / len(right)

    best = by_word if reached(by_word, "train") > reached(one, "train") else one
    said = {word: " ".join(answer[:-1]) for word, answer in best.items()}
    return {split: reached(best, split) for split in examples}, said


def _most_frequent(answers: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    counts = Counter(answers)
    return min(counts, key=lambda answer: (-counts[answer], answer))
