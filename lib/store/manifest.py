"""MANIFEST.json: the SHA-256 and size of every file of a folder, written last.

A folder without one was never finished. Hashes prove that nothing changed since, not
who wrote it.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from lib.store import document, fault, files
from lib.store.files import CorruptError

NAME = "MANIFEST.json"


class Verdict(NamedTuple):
    """What a folder's manifest says of its files."""

    step: int  # -1 where the manifest cannot be read
    problems: list[str]  # the folder must not be used
    extra: list[str]  # files that the manifest does not name; harmless


def seal(folder: Path, owner: str, step: int) -> None:
    """Record every file that a folder holds: from here on it is finished."""
    content = describe(folder, owner, step)
    fault.point("manifest.write")
    files.write(folder / NAME, content)


def describe(folder: Path, owner: str, step: int) -> bytes:
    """The manifest that a folder should have."""
    entries = []
    for path in _regular_files(folder):
        with open(folder / path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        entries.append({"path": path, "size": size, "sha256": sha256})
    return document.encode({"owner": owner, "step": step, "files": entries})


def check(folder: Path, owner: str, within: str = "") -> Verdict:
    """Hold a folder's files, or those whose path starts with `within`, against it."""
    try:
        manifest = document.read(folder / NAME)
    except FileNotFoundError:
        return Verdict(-1, [f"{folder / NAME}: is missing"], [])
    except CorruptError as error:
        return Verdict(-1, [str(error)], [])
    step, entries = manifest.get("step"), manifest.get("files")
    if type(step) is not int or not isinstance(entries, list):
        return Verdict(-1, [f"{folder / NAME}: has no step or no files"], [])
    if manifest.get("owner") != owner:
        other = str(manifest.get("owner"))[:80]
        return Verdict(step, [f"{folder}: belongs to {other!r}, not to {owner!r}"], [])
    problems, named = [], {NAME}
    for entry in entries:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not _is_inside(path):
            problems.append(f"{folder / NAME}: refused path {str(path)[:80]!r}")
            continue
        named.add(path)
        if path.startswith(within):
            problems += _compare(folder, path, entry)
    extra = [str(folder / p) for p in _regular_files(folder) if p not in named]
    return Verdict(step, problems, extra)


def _compare(folder: Path, path: str, entry: dict[str, Any]) -> list[str]:
    full = folder / path
    parents = [folder / parent for parent in PurePosixPath(path).parents]
    try:
        status = full.lstat()
    except OSError:
        return [f"{full}: is missing"]
    linked = any(parent.is_symlink() for parent in parents)
    if linked or not stat.S_ISREG(status.st_mode):
        return [f"{full}: is not a regular file"]
    if status.st_size != entry.get("size"):
        return [f"{full}: has {status.st_size} bytes, expected {entry.get('size')}"]
    try:
        with open(full, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [f"{full}: cannot be read: {error.strerror}"]
    return [] if found == entry.get("sha256") else [f"{full}: its content has changed"]


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and "\0" not in path and parts[0] != "/" and ".." not in parts


def _regular_files(folder: Path) -> Iterator[str]:
    """Paths below a folder, sorted, without its manifest and without leftovers."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if ".tmp-" not in name]
        relative = PurePosixPath(os.path.relpath(path, folder))
        found += [str(relative / name) for name in names if ".tmp-" not in name]
    yield from sorted(path for path in found if path != NAME)
