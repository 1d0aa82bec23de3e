"""sweeps/<name>.json: the expanded sweep, all that is needed to resume or export it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.error import UserError
from lib.store import document, files, place
from lib.store.files import CorruptError


def write_sweep(store: Path, sweep: Mapping[str, Any]) -> None:
    """Put a sweep's file in place, under the name it gives."""
    path = place.sweep_file(store, sweep.get("name", ""))
    for run in sweep.get("runs", ()):
        place.run_folder(store, run["id"])
    files.make_folder(path.parent)
    document.write(path, sweep)


def read_sweep(store: Path, name: str) -> dict[str, Any]:
    """A sweep as its file states it.

    Raises UserError, listing the known ones, where there is no such sweep.
    """
    path = place.sweep_file(store, name)
    try:
        sweep = document.read(path)
    except FileNotFoundError:
        listed = ", ".join(list_sweeps(store)) or "none"
        raise UserError(f"no sweep {name!r} in {store} (known: {listed})") from None
    runs = sweep.get("runs")
    if sweep.get("name") != name or not isinstance(runs, list):
        raise CorruptError(f"{path}: is not the file of a sweep named {name!r}")
    for run in runs:
        if not isinstance(run, dict) or not isinstance(run.get("config"), dict):
            raise CorruptError(f"{path}: has an unreadable run")
        place.run_folder(store, run.get("id", ""))
    return sweep


def list_sweeps(store: Path) -> list[str]:
    """The names of the sweeps of a store, sorted."""
    names = []
    for path in sorted((Path(store) / "sweeps").glob("*.json")):
        try:
            names.append(place.check_name("sweep", path.stem))
        except UserError:
            continue
    return names
