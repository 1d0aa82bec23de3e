"""20 Newsgroups by date: to which of 20 groups was a message posted?

18,846 messages of 1993 (Lang 1995): 11,314 to train on, the 7,532 later ones to test. A
fixed tenth of the training messages of each group validates. `keep` says what of a
message is read beside its body:

    headers   From, Subject, Organization, ... up to the first empty line
    footers   the last block of lines after an empty line or dashes: a signature
    quotes    lines that begin with > or |, or introduce a quotation

What is stripped is found as scikit-learn's `fetch_20newsgroups(remove=...)` finds it.
Headers say much about who wrote, so that results with and without them are two tasks.
Scored by accuracy; answering the most frequent group reaches 0.053.
"""

import functools
import re
from collections.abc import Callable
from typing import Literal

from lib.data.classification import Vocabulary, make_classification
from lib.data.dataset import fingerprint, load
from lib.data.labelled import (
    VALIDATION_SHARE,
    Corpus,
    Labelled,
    cut,
    make_labelled,
)
from lib.data.token import Unit
from lib.setting import Probability, Size
from lib.types import Split, Task

NAME = "newsgroups"
Section = Literal["headers", "footers", "quotes"]

_QUOTE = re.compile(
    r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)"
)


def make_newsgroups(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    keep: tuple[Section, ...] = ("headers", "footers", "quotes"),
    unit: Unit = "word",
    min_count: Size = 2,
    vocabulary_size: Size = 30_000,
    word_dropout: Probability = 0.0,
    balance: Probability = 0.0,
) -> Task:
    """The group of a message, of which `keep` and the body are read."""
    vocabulary = Vocabulary(unit, min_count, vocabulary_size)
    corpus = _corpus(tuple(sorted(set(keep))))
    return make_classification(
        corpus, split, batch_size, max_length, vocabulary, word_dropout, balance
    )


def strip(text: str, keep: tuple[Section, ...]) -> str:
    """A message without the sections that are not kept."""
    for section, remove in _REMOVE.items():
        if section not in keep:
            text = remove(text)
    return text


def _without_headers(text: str) -> str:
    return text.partition("\n\n")[2]


def _without_quotes(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not _QUOTE.search(line))


def _without_footers(text: str) -> str:
    lines = text.strip().split("\n")
    last = len(lines) - 1
    while last >= 0 and lines[last].strip().strip("-"):
        last -= 1
    return "\n".join(lines[:last]) if last > 0 else text


_REMOVE: dict[Section, Callable[[str], str]] = {
    "headers": _without_headers,
    "footers": _without_footers,
    "quotes": _without_quotes,
}


@functools.cache
def _corpus(keep: tuple[Section, ...]) -> Corpus:
    records = load(NAME)
    groups = tuple(sorted({record["label"] for record in records["train"]}))

    def labelled(split: str) -> Labelled:
        pairs = ((strip(r["text"], keep), r["label"]) for r in records[split])
        return make_labelled(pairs, groups)

    validation, train = cut(labelled("train"), VALIDATION_SHARE, "validation")
    splits: dict[Split, Labelled] = {
        "train": train,
        "validation": validation,
        "test": labelled("test"),
    }
    return Corpus(NAME, groups, splits, fingerprint(NAME))
