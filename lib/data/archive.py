"""The files inside a folder, an archive or a single file, in one pass from the start.

A data set is known by what its files contain, not by how they are packed: the same
members give the same `content_digest` as an unpacked folder, a .tar.xz, a .tar.gz, a
.zip, or for one file as itself or a .gz of it. The kind is read from the first bytes,
never from the name. Nothing is written to disk here.

Archives come from anywhere, so each name is checked (relative, without `..`), links and
devices are skipped, and what is unpacked is counted against a limit before it is kept.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from lib.error import UserError

LIMIT = 2**31  # bytes, unpacked
MAX_MEMBERS = 1_000_000
SUFFIXES = (".gz", ".xz", ".bz2", ".zip", ".tar", ".tgz", ".txz", ".tbz2")
_OPENERS: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError)
_BLOCK = 512  # bytes of a tar header, whose magic word lies at 257


class Member(NamedTuple):
    """One file: its path within its folder or archive, with `/`, and its bytes."""

    path: str
    content: bytes


def read_members(
    path: Path, wanted: Callable[[str], bool] = lambda path: True, limit: int = LIMIT
) -> Iterator[Member]:
    """The wanted members of a folder, an archive or a file, each as it is reached.

    A folder's members come in the order of their paths, an archive's as they are
    packed. A file that is no archive is one member under its own name, without the
    suffix of its compression.

    Raises:
      UserError: cannot be read, corrupted, cut short, too large, or hostile names.
    """
    try:
        yield from _members(path, wanted, limit)
    except _BROKEN as error:
        raise _corrupted(path, error) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, unknown method
        raise UserError(f"{path}: cannot be unpacked: {error}.") from error
    except OSError as error:
        if error.errno is None:  # how decompressors say that a stream is not theirs
            raise _corrupted(path, error) from error
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from error


def content_digest(members: Mapping[str, bytes]) -> str:
    """SHA-256 of unpacked content: of the one file, or of the list of many.

    The list is what `sha256sum` prints for the paths in their order as bytes: a line
    "<sha256>  <path>" for each.
    """
    if len(members) == 1:
        return hashlib.sha256(*members.values()).hexdigest()
    lines = (
        f"{hashlib.sha256(members[path]).hexdigest()}  {path}\n"
        for path in sorted(members, key=str.encode)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _members(path: Path, wanted: Callable[[str], bool], limit: int) -> Iterator[Member]:
    if path.is_dir():
        found = _from_folder(path, wanted, limit)
    elif _head(path).startswith(_ZIP):
        found = _from_zip(path, wanted, limit)
    else:
        opener = _opener(path)
        with opener(path, "rb") as stream:
            head = stream.read(_BLOCK)
        if head[257:262] == b"ustar":
            found = _from_tar(path, opener, wanted, limit)
        else:
            found = _from_file(path, opener, wanted, limit)
    total = 0
    for count, member in enumerate(found, 1):
        total += len(member.content)
        if total > limit or count > MAX_MEMBERS:
            raise _too_large(path, limit)
        yield member


def _opener(path: Path) -> Callable[..., IO[bytes]]:
    head = _head(path)
    if re.match(rb"BZh[1-9]1AY&", head):
        return bz2.open
    found = (opener for start, opener in _OPENERS.items() if head.startswith(start))
    return next(found, open)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _from_folder(
    folder: Path, wanted: Callable[[str], bool], limit: int
) -> Iterator[Member]:
    paths = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not Path(parent, f).is_symlink()]
        paths += [Path(parent, name) for name in names]
    named = sorted((path.relative_to(folder).as_posix(), path) for path in paths)
    for name, path in named:
        if path.is_file() and not path.is_symlink() and wanted(name):
            with path.open("rb") as file:
                yield Member(name, _read(file, path, limit))


def _from_tar(
    path: Path,
    opener: Callable[..., IO[bytes]],
    wanted: Callable[[str], bool],
    limit: int,
) -> Iterator[Member]:
    # "r|" never seeks: going back in an xz stream unpacks it again from its start.
    with opener(path, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        size = 0
        for count, entry in enumerate(tar, 1):
            name = _safe(path, entry.name)
            size += entry.size
            if size > limit or count > MAX_MEMBERS:
                raise _too_large(path, limit)
            file = tar.extractfile(entry) if entry.isreg() and wanted(name) else None
            if file is not None:
                content = file.read()
                if len(content) != entry.size:
                    raise EOFError(f"{name} ends early")
                yield Member(name, content)
        while stream.read(1 << 20):  # to the end, where the checksum is
            pass


def _from_zip(
    path: Path, wanted: Callable[[str], bool], limit: int
) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_MEMBERS:
            raise _too_large(path, limit)
        for entry in entries:
            name = _safe(path, entry.filename)
            kind = entry.external_attr >> 16 & 0o170000  # Unix; 0: made elsewhere
            if not entry.is_dir() and kind in (0, 0o100000) and wanted(name):
                with archive.open(entry) as file:
                    yield Member(name, _read(file, path, limit))


def _from_file(
    path: Path,
    opener: Callable[..., IO[bytes]],
    wanted: Callable[[str], bool],
    limit: int,
) -> Iterator[Member]:
    name = path.name if opener is open else path.with_suffix("").name
    if wanted(name):
        with opener(path, "rb") as file:
            yield Member(name, _read(file, path, limit))


def _read(file: IO[bytes], path: Path, limit: int) -> bytes:
    content = file.read(limit + 1)  # never more than that, whatever a header says
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def _safe(archive: Path, name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise UserError(f"{archive}: refused: holds a file named {name!r}.")
    return path.as_posix()


def _corrupted(path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return UserError(f"{path}: corrupted or cut short: {reason}.")


def _too_large(path: Path, limit: int) -> UserError:
    return UserError(f"{path}: refused: unpacks to more than {limit:,} bytes.")
