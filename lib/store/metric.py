"""metrics.jsonl: what a run measured as it went, one JSON object a line.

Rows are only ever appended, so after a resume there are rows of several attempts. The
table is exact all the same: the last attempt's row for a (step, split, length) counts,
and a row {"event": "resume", "attempt": a, "step": k} voids what earlier attempts
recorded after step k.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lib.store import document, files
from lib.store.files import CorruptError

NAME = "metrics.jsonl"
MAX_LINE_BYTES = 2**20
MAX_BYTES = 512 * 2**20

# "gradient" is no split of the data, but has rows of its own at a step.
_SPLITS = {"train": 0, "validation": 1, "test": 2, "gradient": 3}
_TAIL_BYTES = 2**14

Row = dict[str, Any]


class Table(NamedTuple):
    """A run's rows in order of step, split and length, and what could not be read."""

    rows: list[Row]
    problems: list[str]


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows, each with an attempt and a step, in one write."""
    lines = []
    for row in rows:
        if type(row.get("attempt")) is not int or type(row.get("step")) is not int:
            raise ValueError(f"metrics: a row needs an attempt and a step, got {row}")
        lines.append(document.dumps(row) + b"\n")
    if lines:
        files.append(path, b"".join(lines))


def read(path: Path) -> Table:
    """A run's table; damaged lines are left out and counted."""
    try:
        content = files.read(path, MAX_BYTES)
    except FileNotFoundError:
        return Table([], [])
    except CorruptError as error:
        return Table([], [str(error)])
    *lines, tail = content.split(b"\n")
    parsed = [_parse(line) for line in lines]
    last = _parse(tail)
    problems = []
    if bad := sum(row is None for row in parsed):
        problems.append(f"{path}: {bad} unreadable line(s) left out")
    if tail and last is None:
        problems.append(f"{path}: 1 unfinished line left out")
    return Table(_merge([row for row in [*parsed, last] if row is not None]), problems)


def last(path: Path) -> Row | None:
    """The last readable row, found without reading the rest."""
    try:
        with files.open_regular(path) as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read(_TAIL_BYTES).split(b"\n")
    except (OSError, CorruptError):
        return None
    found = (_parse(line) for line in reversed(lines))
    return next((row for row in found if row is not None), None)


def _parse(line: bytes) -> Row | None:
    if not line or len(line) > MAX_LINE_BYTES:
        return None
    try:
        row = document.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    if type(row.get("attempt")) is not int or type(row.get("step")) is not int:
        return None
    length = row.get("length")
    if "event" not in row and row.get("split") not in _SPLITS:
        return None
    if length is not None and type(length) is not int:
        return None
    return document.finite_or_named(row)


def _merge(rows: list[Row]) -> list[Row]:
    resumes = [(r["attempt"], r["step"]) for r in rows if r.get("event") == "resume"]
    chosen: dict[tuple[int, int, int], Row] = {}
    for row in rows:
        attempt, step = row["attempt"], row["step"]
        void = any(step > k and attempt < later for later, k in resumes)
        if "event" in row or void:
            continue
        place = (step, _SPLITS[row["split"]], row.get("length") or 0)
        if place not in chosen or chosen[place]["attempt"] <= attempt:
            chosen[place] = row
    return [chosen[place] for place in sorted(chosen)]
