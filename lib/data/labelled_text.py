"""A user's own labelled texts: which class does a text belong to?

`path` names one of

    FILE.csv, FILE.tsv       a header line; columns `text_column` and `label_column`
    FILE.jsonl               an object a line, with keys of those names
    FOLDER/CLASS/FILE        a folder a class, a file a text

A fixed fifth of each class tests, a tenth of the rest validates, the others train. The
score is accuracy, or the F1 of the class `positive` where one is named. Files are UTF-8
unless `encoding` says otherwise, and may be compressed (see lib.data.labelled_file).
Relative paths begin where the program is started.
"""

import functools
import hashlib
import json
from pathlib import Path

from lib.data.classification import Vocabulary, make_classification
from lib.data.labelled import (
    VALIDATION_SHARE,
    Corpus,
    Labelled,
    cut,
    make_labelled,
)
from lib.data.labelled_file import read_labelled
from lib.data.token import Unit
from lib.error import UserError
from lib.setting import Probability, Size
from lib.types import Split, Task

NAME = "labelled_text"
FEWEST = 20  # texts, so that every split has some
_TEST_SHARE = 0.2


def make_labelled_text(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    path: str = "",
    encoding: str = "utf-8",
    text_column: str = "text",
    label_column: str = "label",
    positive: str = "",
    unit: Unit = "word",
    min_count: Size = 1,
    vocabulary_size: Size = 30_000,
    word_dropout: Probability = 0.0,
    balance: Probability = 0.0,
) -> Task:
    """The class of a text of the user's own."""
    if max_length < 1:
        raise ValueError(f"{NAME}: length must be at least 1, got {max_length}.")
    if not path:
        raise UserError(f"{NAME}: path must name a file or a folder, got ''")
    columns = text_column, label_column
    corpus = _corpus(Path(path).expanduser(), encoding, columns, positive)
    vocabulary = Vocabulary(unit, min_count, vocabulary_size)
    return make_classification(
        corpus, split, batch_size, max_length, vocabulary, word_dropout, balance
    )


@functools.cache
def _corpus(
    path: Path, encoding: str, columns: tuple[str, str], positive: str
) -> Corpus:
    records = read_labelled(path, encoding, *columns)
    pairs = [(record["text"], record["label"]) for record in records]
    classes = tuple(sorted({label for _, label in pairs}))
    if len(classes) < 2 or len(pairs) < FEWEST:
        raise UserError(
            f"{path} must hold at least {FEWEST} texts of at least 2 classes, got "
            f"{len(pairs)} of {len(classes)}"
        )
    if positive and positive not in classes:
        shown = ", ".join(classes[:20])
        raise UserError(f"{NAME}: positive must be one of {shown}, got {positive!r}")
    content = json.dumps(pairs, ensure_ascii=False).encode(errors="replace")
    test, rest = cut(make_labelled(pairs, classes), _TEST_SHARE, "test")
    validation, train = cut(rest, VALIDATION_SHARE, "validation")
    splits: dict[Split, Labelled] = {
        "train": train,
        "validation": validation,
        "test": test,
    }
    if not all(data.texts for data in splits.values()):
        raise UserError(f"{path}: too few texts a class to split {len(pairs)} of them")
    fingerprint = hashlib.sha256(content).hexdigest()
    place = classes.index(positive) if positive else None
    return Corpus(NAME, classes, splits, fingerprint, place)
