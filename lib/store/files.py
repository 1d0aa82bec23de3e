"""The only code that changes a store's files, in steps that a kill cannot tear.

A file is replaced by writing beside it, syncing and renaming; a folder is committed by
one rename. What a kill leaves behind is named `*.tmp-*`.
"""

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from lib.store import fault

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class WriteError(OSError):
    """A write that the machine refused: the disk is full, a quota, a failing device."""

    exit_code = 1

    def __str__(self) -> str:
        return str(self.strerror)


class CorruptError(ValueError):
    """A file of the store that is damaged, or that is not what it should be."""

    exit_code = 1


def write(path: Path, content: bytes) -> None:
    """Put `content` in place of a file: after a crash it is the old one or the new."""
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        fault.point("write.begin")
        write_new(temporary, content)
        fault.point("write.rename")
        rename(temporary, path)
        fault.point("write.sync")
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise refused(path, len(content), error) from error


def append(path: Path, content: bytes) -> None:
    """Add whole lines in one write, first ending a last line that a crash tore."""
    try:
        fault.point("append.begin")
        descriptor = os.open(path, _APPEND, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                content = b"\n" + content
            written = os.write(descriptor, content)
            fault.point("append.end")
        finally:
            os.close(descriptor)
        if written < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise refused(path, len(content), error) from error


def commit(temporary: Path, final: Path) -> None:
    """Sync a folder and all it holds, then give it its name, replacing an older one."""
    sync_tree(temporary)
    if os.path.lexists(final):
        fault.point("commit.replace")
        rename(final, replaced(final))
    fault.point("commit.rename")
    rename(temporary, final)
    fault.point("commit.sync")
    sync_folder(final.parent)


def replaced(final: Path) -> Path:
    """Where `commit` puts what had the name before."""
    return final.with_name(f"{final.name}.tmp-old-{os.getpid()}")


def remove(path: Path) -> None:
    """Delete a file or folder so that a half-deleted one never bears its name."""
    if not os.path.lexists(path):
        return
    if path.is_dir() and not path.is_symlink():
        doomed = path
        if ".tmp-" not in path.name:
            doomed = path.with_name(f"{path.name}.tmp-gone-{os.getpid()}")
            fault.point("remove.rename")
            rename(path, doomed)
        fault.point("remove.tree")
        remove_tree(doomed)
    else:
        fault.point("remove.file")
        unlink(path)


def remove_leftovers(folder: Path) -> None:
    """Delete what killed writers left in a folder; only its lock's holder may."""
    if folder.is_dir():
        for path in folder.iterdir():
            if ".tmp-" in path.name:
                remove(path)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, each of them durable."""
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise refused(path, 0, error) from error
    sync_folder(path.parent)


def read(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise CorruptError(
                f"{path}: has {size:,} bytes; at most {limit:,} are read"
            )
        try:
            return file.read(limit)
        except OSError as error:
            raise CorruptError(f"{path}: cannot be read: {error.strerror}") from error


def open_regular(path: Path) -> BinaryIO:
    """A regular file opened for reading; links are not followed, pipes not waited for.

    Raises FileNotFoundError where there is none, else CorruptError.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise CorruptError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CorruptError(f"{path}: is not a regular file")
    return open(descriptor, "rb")


def refused(path: Path, size: int, error: OSError) -> WriteError:
    """The error to raise for a write that the machine refused."""
    reason = error.strerror or str(error)
    return WriteError(error.errno, f"cannot write {size:,} bytes to {path}: {reason}")


def write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, _NEW, 0o644)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    sync(path)


def sync_tree(folder: Path) -> None:
    for path, _, names in os.walk(folder):
        for name in names:
            sync(Path(path, name))
        sync_folder(Path(path))


def rename(old: Path, new: Path) -> None:
    os.rename(old, new)


def remove_tree(folder: Path) -> None:
    shutil.rmtree(folder)


def unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
