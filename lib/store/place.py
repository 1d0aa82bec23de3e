"""Where things lie in a store, and which names are allowed there."""

import os
import re
from pathlib import Path

from lib.error import UserError
from lib.store import files, lock

_RUN_ID = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def run_folder(store: Path, run_id: str) -> Path:
    """The folder of a run, which need not exist.

    Raises UserError for anything but 16 hexadecimal digits, and where a link leads
    out of the store.
    """
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise UserError(
            f"run id must be 16 hexadecimal digits, got {str(run_id)[:80]!r}"
        )
    return _inside(Path(store), "runs", run_id[:2], run_id)


def group_folder(store: Path, group_id: str) -> Path:
    """The folder of a group, which need not exist."""
    return _inside(Path(store), "groups", check_name("group", group_id))


def sweep_file(store: Path, name: str) -> Path:
    """The file of a sweep, which need not exist."""
    return _inside(Path(store), "sweeps", f"{check_name('sweep', name)}.json")


def baseline_file(store: Path, key: str) -> Path:
    """The file of a baseline, which need not exist."""
    return _inside(Path(store), "baselines", f"{check_name('baseline', key)}.json")


def source_file(store: Path, sha256: str) -> Path:
    """The copy of a file of the user's own, which need not exist."""
    return _inside(Path(store), "sources", f"{check_name('source', sha256)}.txt")


def check_name(kind: str, name: str) -> str:
    """A name that is a plain file name on every system."""
    if (
        not isinstance(name, str)
        or not _NAME.fullmatch(name)
        or _DEVICES.fullmatch(name)
    ):
        raise UserError(
            f"{kind} name must be 1 to 64 letters, digits, '.', '_' or '-', beginning "
            f"with a letter or digit, got {str(name)[:80]!r}"
        )
    return name


def check_writable(store: Path) -> None:
    """Make the store's folder and try to write and lock there; leave nothing else.

    Raises UserError, with nothing written, where that cannot be done.
    """
    store = Path(store)
    nearest = store
    while not os.path.lexists(nearest) and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise UserError(f"store: cannot write to {store}: {nearest} is not a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"store: cannot write to {store}: {nearest} is read-only")
    probe = store / f"probe.tmp-{os.getpid()}"
    try:
        files.make_folder(store)
        lock.check_locks(probe)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"store: cannot write to {store}: {reason}") from error
    finally:
        probe.unlink(missing_ok=True)


def _inside(store: Path, *parts: str) -> Path:
    path = store
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise UserError(f"{path}: is a link; links inside a store are not followed")
    return path
