"""Kernel locks (`flock`): who holds one is known to the kernel, so none goes stale.

The lock ends with its process, also by SIGKILL; the text in a lock's file is for people
only. Children started by exec do not inherit it.
"""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from lib.error import RefusedError, UserError
from lib.store import document, files

_TRIES = 5  # `is_held` takes the lock for microseconds; a second try gets past that
_PAUSE_SECONDS = 0.02
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Held(RefusedError):
    """Another process is at work there; `host` and `pid` name it."""

    def __init__(self, what: str, host: str, pid: int):
        super().__init__(f"{what} is held by process {pid} on {host}")
        self.what, self.host, self.pid = what, host, pid


def take(path: Path) -> int | None:
    """The descriptor that now holds the lock of a file; None if another holds it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o644)
    taken = False
    try:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_SECONDS)
            taken = _try(descriptor, path, fcntl.LOCK_EX)
            if taken:
                return descriptor
    finally:
        if not taken:
            os.close(descriptor)
    return None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock of a file; works on a read-only copy."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise
    try:
        return not _try(descriptor, path, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def sign(descriptor: int) -> None:
    """Write who holds a lock into its file, for people to read."""
    holder = {"host": socket.gethostname(), "pid": os.getpid()}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, document.dumps(holder) + b"\n", 0)


def holder(path: Path) -> tuple[str, int]:
    """The host and process that a lock's file names; ('unknown', 0) if it does not."""
    try:
        named = document.loads(files.read(path, 4096))
        return str(named["host"]), int(named["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown", 0


def check_locks(path: Path) -> None:
    """Make sure that locks exclude each other there; some network folders' do not."""
    first = take(path)
    second = None if first is None else take(path)
    for descriptor in (first, second):
        if descriptor is not None:
            os.close(descriptor)
    if first is None or second is not None:
        raise UserError(f"{path.parent}: file locks (flock) do not work in this folder")


def _try(descriptor: int, path: Path, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UserError(
            f"{path.parent}: file locks (flock) do not work in this folder: "
            f"{error.strerror}"
        ) from error
    return True
