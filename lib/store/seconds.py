"""groups/<id>/seconds.jsonl: what each attempt of a group spent its time on.

One line an attempt, beside the attempts themselves. A store without them, or with
damaged ones, is read as one that tells less.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.store import document, files
from lib.store.place import group_folder

NAME = "seconds.jsonl"

# In the order of a worker's life. "evaluate" are evaluations and probes, "write" is all
# that waits for the disk, "other" what the process did besides, "idle" when it waited
# for a group.
KINDS = ("import", "idle", "compile", "train", "evaluate", "write", "other")

_MAX_BYTES = 2**22


def append_seconds(
    store: Path, group_id: str, attempt: int, seconds: Mapping[str, float]
) -> None:
    """Add what one attempt of a group has spent, by kind."""
    if unknown := seconds.keys() - set(KINDS):
        raise ValueError(f"seconds: kinds are {KINDS}, got {sorted(unknown)}")
    line = document.dumps({"attempt": attempt, **seconds}) + b"\n"
    files.append(group_folder(store, group_id) / NAME, line)


def read_seconds(store: Path, group_id: str) -> dict[str, float]:
    """What all attempts of a group have spent together; empty where nothing is known.

    Raises UserError for an id that is no file name.
    """
    try:
        content = files.read(group_folder(store, group_id) / NAME, _MAX_BYTES)
    except (FileNotFoundError, files.CorruptError):
        return {}
    total: dict[str, float] = {}
    for row in filter(None, map(_parse, content.split(b"\n"))):
        for kind in KINDS:
            total[kind] = total.get(kind, 0.0) + row.get(kind, 0.0)
    return total


def _parse(line: bytes) -> dict[str, float] | None:
    try:
        row = document.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict):
        return None
    return {k: float(v) for k, v in row.items() if k in KINDS and _is_time(v)}


def _is_time(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < 2**31 and math.isfinite(value)
