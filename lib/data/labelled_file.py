"""A user's own labelled text: a CSV file, a file of JSON lines, or a folder a class.

    reviews.csv      a header with columns "text" and "label", then a row a text
    reviews.tsv      the same with tabs
    reviews.jsonl    {"text": "...", "label": "..."} on each line
    reviews/         a folder a class: reviews/good/1.txt, reviews/bad/any/2.txt

Files may be compressed (.csv.gz). Records are in the order of the file, or of the
paths. A label is a string; a number becomes one.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lib.data.archive import read_members
from lib.data.encoding import decode, read_text
from lib.data.source import Record
from lib.error import UserError
from lib.setting import nearest

_COMPRESSIONS = (".gz", ".xz", ".bz2", ".zip")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")


def read_labelled(
    path: Path,
    encoding: str = "utf-8",
    text_column: str = "text",
    label_column: str = "label",
) -> list[Record]:
    """Records {"text", "label"} of a file or folder, every one of them checked.

    The columns are the names of a CSV file's columns and of the entries of JSON lines.

    Raises:
      UserError: no such file, an unknown kind, a missing column, an empty text or
        label, another encoding; says the file and the line.
    """
    names = (text_column, label_column)
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in _COMPRESSIONS]
    kind = suffixes[-1] if suffixes else ""
    if path.is_dir():
        found = _from_folder(path, encoding)
    elif not path.exists():
        raise UserError(f"{path}: there is no such file or folder.")
    elif kind in _DELIMITERS:
        found = _from_table(path, encoding, names, _DELIMITERS[kind])
    elif kind in _JSON_LINES:
        found = _from_json_lines(path, encoding, names)
    else:
        known = ", ".join((*_DELIMITERS, *_JSON_LINES))
        raise UserError(f"{path}: unknown kind; a folder or one of {known} is wanted.")
    return [_record(where, text, label) for where, text, label in found]


def _record(where: str, text: Any, label: Any) -> Record:
    if not isinstance(text, str) or not text.strip():
        raise UserError(f"{where}: the text is empty or no string.")
    if type(label) in (int, float):
        label = str(label)
    if not isinstance(label, str) or not label.strip():
        raise UserError(f"{where}: the label is empty, or no string or number.")
    return {"text": text, "label": label.strip()}


def _from_folder(path: Path, encoding: str) -> Iterator[tuple[str, str, str]]:
    def is_shown(name: str) -> bool:
        return not any(part.startswith(".") for part in name.split("/"))

    for member in read_members(path, is_shown):
        where = f"{path / member.path}"
        label, slash, _ = member.path.partition("/")
        if not slash:
            raise UserError(f"{where}: lies in no class's folder.")
        yield where, decode(member.content, encoding, where), label


def _from_table(
    path: Path, encoding: str, names: tuple[str, str], delimiter: str
) -> Iterator[tuple[str, Any, Any]]:
    stream = io.StringIO(read_text(path, encoding), newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    csv.field_size_limit(2**31 - 1)  # a text may be long
    try:
        header = [name.strip() for name in next(reader, [])]
        for name in names:
            if name not in header:
                raise UserError(f"{path}:1: no column {name!r}{nearest(name, header)}.")
        text, label = map(header.index, names)
        line = reader.line_num + 1
        for row in reader:
            where, line = f"{path}:{line}", reader.line_num + 1
            if not row:
                continue
            if len(row) != len(header):
                raise UserError(
                    f"{where}: {len(row)} cells, the header has {len(header)}."
                )
            yield where, row[text], row[label]
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: {error}.") from error


def _from_json_lines(
    path: Path, encoding: str, names: tuple[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    for number, line in enumerate(read_text(path, encoding).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            entries = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{where}: not JSON: {error}.") from error
        if not isinstance(entries, dict):
            raise UserError(f'{where}: a line is {{"text": ..., "label": ...}}.')
        for name in names:
            if name not in entries:
                raise UserError(f"{where}: no entry {name!r}{nearest(name, entries)}.")
        yield where, entries[names[0]], entries[names[1]]
