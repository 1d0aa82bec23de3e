"""The files of a published data set: found in a folder, read and checked."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lib.data.archive import SUFFIXES, content_digest, read_members
from lib.data.source import Source
from lib.error import UserError

_PACKINGS = ("", *SUFFIXES, ".tar.gz", ".tar.xz", ".tar.bz2")


def find_files(source: Source, folder: Path) -> list[Path]:
    """The files, archives or unpacked folder that hold a set; empty if none do.

    Looked for are the set's own names, packed in any way, in the folder and in the one
    that the set has in $HORIZON_DATA; then the files of the set anywhere below.
    """
    if folder.is_file():
        return [folder]
    for place in (folder, folder / source.folder):
        names = (stem + packing for stem in source.stems for packing in _PACKINGS)
        if found := [place / name for name in names if (place / name).exists()]:
            return found
    return [folder] if folder.is_dir() and holds_any(source, folder) else []


def holds_any(source: Source, path: Path) -> bool:
    """Whether a folder, an archive or a file holds any file of the set."""
    return any(True for _ in read_members(path, lambda name: bool(source.key(name))))


def read_files(source: Source, paths: Iterable[Path]) -> dict[str, bytes]:
    """The files that matter by path, checked against what is known of the set.

    Raises:
      UserError: other content than was published, two contents of one file, no file,
        or an archive that cannot be read.
    """
    files: dict[str, bytes] = {}
    paths = list(paths)
    for path in paths:
        for member in read_members(path, lambda name: bool(source.key(name))):
            key = source.key(member.path)
            if files.setdefault(key, member.content) != member.content:
                raise UserError(f"{source.name}: two files are {key} in {path}.")
    where = ", ".join(map(str, paths))
    if not files:
        raise UserError(f"{source.name}: no file of the set in {where}.")
    for path, expected in source.known.items():
        if path in files:
            found = hashlib.sha256(files[path]).hexdigest()
            _check(source, f"{path} in {where}", found, expected)
    if source.digest:
        what = f"{where} ({len(files):,} files unpacked)" if len(files) > 1 else where
        _check(source, what, content_digest(files), source.digest)
    return files


def _check(source: Source, what: str, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"{source.name}: SHA-256 of {what} is {found}, expected {expected}."
        )
