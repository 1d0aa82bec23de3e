"""baselines/<key>.json: what simple methods reach on the texts that runs learn from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.error import UserError
from lib.store import document, files, place


def baseline_key(facts: Any) -> str:
    """The name of a baseline, from the facts of a task of labelled texts; else ""."""
    if not isinstance(facts, Mapping) or "texts" not in facts:
        return ""
    return f"{facts['texts']}-{facts.get('unit')}"


def write_baseline(store: Path, key: str, content: Mapping[str, Any]) -> None:
    """Put the numbers for the texts that `key` names in their place."""
    path = place.baseline_file(store, key)
    files.make_folder(path.parent)
    document.write(path, content)


def read_baseline(store: Path, key: str) -> dict[str, Any]:
    """The numbers for the texts that `key` names; empty where there are none."""
    try:
        return document.read(place.baseline_file(store, key))
    except (FileNotFoundError, UserError, files.CorruptError):
        return {}  # they can be measured again
