"""A user's own labelled texts: which class does a text belong to?

`path` names one of

    FILE.csv, FILE.tsv       a header line; columns `text_column` and `label_column`
    FILE.jsonl               an object a line, with keys of those names
    FOLDER/CLASS/FILE        a folder a class, a file a text

A fixed fifth of each class tests, a tenth of the rest validates, the others train. The
score is accuracy, or the F1 of the class `positive` where one is named. Files are UTF-8
unless `encoding` says otherwise. Relative paths begin where the program is started.
"""

import csv
import functools
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

from lib.data.classification import Vocabulary, make_classification
from lib.data.labelled import (
    VALIDATION_SHARE,
    Corpus,
    Labelled,
    cut,
    make_labelled,
)
from lib.data.token import Unit
from lib.error import UserError
from lib.setting import Probability, Size
from lib.types import Split, Task

NAME = "labelled_text"
FEWEST = 20  # texts, so that every split has some
_TEST_SHARE = 0.2
_ENDINGS = {".csv": ",", ".tsv": "\t"}
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")

Pair = tuple[str, str]  # a text and the name of its class


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
        corpus, split, batch_size, max_length, vocabulary, word_dropout
    )


def read_pairs(path: Path, encoding: str, columns: tuple[str, str]) -> list[Pair]:
    """The texts and classes of a file or a folder.

    Raises UserError, naming the file, the row and what is wrong with it.
    """
    if path.is_dir():
        return list(_folder_pairs(path, encoding))
    ending = path.suffix.lower()
    if ending in _ENDINGS:
        text = read_text(path, encoding)
        return list(_table_pairs(path, text, _ENDINGS[ending], columns))
    if ending in _JSON_ENDINGS:
        return list(_json_pairs(path, read_text(path, encoding), columns))
    known = ", ".join((*_ENDINGS, *_JSON_ENDINGS))
    raise UserError(f"{path} must be a folder or end in one of {known}")


def read_text(path: Path, encoding: str) -> str:
    """A file's text. UserError where it cannot be read, or not in this encoding."""
    try:
        return path.read_bytes().decode(encoding)
    except LookupError as error:
        raise UserError(
            f"encoding {encoding!r} is unknown; name one as latin-1"
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not {encoding}: byte {error.start} is "
            f"0x{error.object[error.start]:02x}; name its encoding, as latin-1"
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


@functools.cache
def _corpus(
    path: Path, encoding: str, columns: tuple[str, str], positive: str
) -> Corpus:
    pairs = read_pairs(path, encoding, columns)
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


def _folder_pairs(path: Path, encoding: str) -> Iterator[Pair]:
    for folder in sorted(p for p in path.iterdir() if p.is_dir()):
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            yield read_text(file, encoding), folder.name


def _table_pairs(
    path: Path, text: str, delimiter: str, columns: tuple[str, str]
) -> Iterator[Pair]:
    csv.field_size_limit(2**31 - 1)
    rows = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter
    )
    header = next(rows, [])
    for column in columns:
        if column not in header:
            known = ", ".join(header)
            raise UserError(f"{path} has no column {column!r} (columns: {known})")
    places = [header.index(column) for column in columns]
    for row in rows:
        if not row:
            continue
        if len(row) <= max(places) or not row[places[1]].strip():
            column = columns[1] if len(row) > places[0] else columns[0]
            raise UserError(f"{path}, line {rows.line_num}: column {column!r} is empty")
        yield row[places[0]], row[places[1]].strip()


def _json_pairs(path: Path, text: str, columns: tuple[str, str]) -> Iterator[Pair]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UserError(f"{where}: is not a JSON object: {error}") from error
        if not isinstance(record, dict):
            raise UserError(f"{where}: is not a JSON object")
        for column in columns:
            if column not in record:
                raise UserError(f"{where}: has no key {column!r}")
        body, label = (record[column] for column in columns)
        if not isinstance(body, str) or not isinstance(label, str | int | float):
            raise UserError(
                f"{where}: {columns[0]!r} must be a string and have a label"
            )
        yield body, str(label)
