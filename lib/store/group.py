"""groups/<id>/: runs that train together, under one lock, with their stacked state.

The group's lock and those of its unfinished runs are held while it is open, so a run
that two groups share is trained by one of them at a time.
"""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.error import RefusedError, UserError
from lib.store import document, files, lock, manifest, metric, run, step
from lib.store.files import CorruptError
from lib.store.place import group_folder, run_folder

LOCK, GROUP, ATTEMPTS = "lock", "group.json", "attempts.jsonl"


class ModeChangedError(RefusedError):
    """A group's checkpoints come from another mapping mode or width: other bits."""


@dataclass
class Group:
    """An open group; only its holder writes checkpoints."""

    store: Path
    id: str
    folder: Path
    members: tuple[str, ...]
    attempt: int  # counts from 1; larger than any earlier one of its runs
    codec: step.Codec
    problems: list[str] = field(default_factory=list)  # of checkpoints passed over
    descriptors: dict[str, int] = field(default_factory=dict)  # metrics files held

    def save(self, at_step: int, state: Any) -> None:
        """Commit the stacked state; metrics up to its step reach the disk first."""
        for descriptor in self.descriptors.values():
            os.fsync(descriptor)
        self._check_newest()
        step.save(self.folder, self.id, at_step, state, self.codec)

    def latest(self, template: Any) -> tuple[int, Any] | None:
        """The newest checkpoint that verifies, or None where there is none.

        Metrics that earlier attempts recorded after it are void from now on. What is
        wrong with newer checkpoints is put into `problems`.
        """
        found = step.latest(self.folder, self.id, template, self.codec)
        self.problems += found.problems
        begin = -1 if found.checkpoint is None else found.checkpoint[0]
        if self.attempt > 1:
            event = {"event": "resume", "attempt": self.attempt, "step": begin}
            for run_id in self.descriptors:
                run.append_metrics(self.store, run_id, [event])
        return found.checkpoint

    def beat(self) -> None:
        """Show that the group is alive, where nothing else is written for long."""
        for descriptor in self.descriptors.values():
            os.utime(descriptor)

    def discard(self) -> bool:
        """Delete the checkpoints if every member is finished; say whether it did."""
        folders = {run_id: run_folder(self.store, run_id) for run_id in self.members}
        if not all(run.is_finished(path, run_id) for run_id, path in folders.items()):
            return False
        for at_step in step.steps(self.folder):
            files.remove(self.folder / str(at_step))
        return True

    def set_aside(self) -> list[Path]:
        """Rename all checkpoints, damaged or not, so that the group starts again."""
        return step.set_aside(self.folder, self.attempt)

    def _check_newest(self) -> None:
        """A holder that was taken for dead must not write over its successor."""
        row = metric.last(self.folder / ATTEMPTS) or {}
        if row.get("attempt", self.attempt) != self.attempt:
            host, pid = str(row.get("host")), row.get("pid")
            raise lock.Held(f"group {self.id}", host, pid if type(pid) is int else 0)


@contextlib.contextmanager
def open_group(
    store: Path,
    group_id: str,
    members: Sequence[str],
    mode: str,
    width: int,
    *,
    allow_mode_change: bool = False,
    details: Mapping[str, Any] | None = None,
    codec: step.Codec | None = None,
) -> Iterator[Group]:
    """Hold a group and its unfinished runs, as a new attempt.

    `details` (device, versions, commit) are recorded with the attempt.
    Raises Held where another process has the group or one of its runs, and
    ModeChangedError where its checkpoints were written in another mode or width.
    """
    store = Path(store)
    folder = group_folder(store, group_id)
    files.make_folder(folder)
    with contextlib.ExitStack() as stack:
        descriptor = _hold(stack, folder / LOCK)
        if descriptor is None:
            raise lock.Held(f"group {group_id}", *lock.holder(folder / LOCK))
        lock.sign(descriptor)
        files.remove_leftovers(folder)
        _settle(folder, members, mode, width)
        last = metric.last(folder / ATTEMPTS)
        _check_mode(folder, last, mode, width, allow_mode_change)
        held = _hold_runs(stack, store, members)
        rows = [metric.last(run_folder(store, i) / metric.NAME) for i in members]
        attempt = 1 + max(_attempt(row) for row in [last, *rows])
        _record_attempt(folder, attempt, mode, width, details or {})
        codec = codec or run._orbax()
        yield Group(store, group_id, folder, tuple(members), attempt, codec, [], held)


def _hold(stack: contextlib.ExitStack, path: Path) -> int | None:
    descriptor = lock.take(path)
    if descriptor is not None:
        stack.callback(os.close, descriptor)
    return descriptor


def _hold_runs(
    stack: contextlib.ExitStack, store: Path, members: Sequence[str]
) -> dict[str, int]:
    """Lock the unfinished runs, and clear away what a killed attempt left in them."""
    held = {}
    for run_id in members:
        path = run_folder(store, run_id)
        if run.is_finished(path, run_id):
            continue
        files.make_folder(path)
        descriptor = _hold(stack, path / metric.NAME)
        if descriptor is None:
            raise lock.Held(f"run {run_id}", *_holder_of(store, run_id))
        if run.is_finished(path, run_id):
            continue  # by another group, between the first look and the lock
        files.remove(path / manifest.NAME)
        files.remove_leftovers(path)
        held[run_id] = descriptor
    return held


def _settle(folder: Path, members: Sequence[str], mode: str, width: int) -> None:
    """Write group.json once, and refuse a group that has since become another."""
    path = folder / GROUP
    try:
        found = document.read(path)
    except (FileNotFoundError, CorruptError):
        content = {"members": list(members), "mode": mode, "width": width}
        document.write(path, {"id": folder.name, **content})
        return
    if found.get("members") != list(members) or found.get("id") != folder.name:
        raise UserError(
            f"{path}: the group has other members than the {len(members)} given"
        )


def _check_mode(
    folder: Path, last: metric.Row | None, mode: str, width: int, allowed: bool
) -> None:
    before = (last or {}).get("mode"), (last or {}).get("width")
    if allowed or last is None or before == (mode, width) or not step.steps(folder):
        return
    raise ModeChangedError(
        f"group {folder.name} was begun with mode {before[0]}, width {before[1]}, and "
        f"cannot go on with mode {mode}, width {width}: its numbers would differ"
    )


def _record_attempt(
    folder: Path, attempt: int, mode: str, width: int, details: Mapping[str, Any]
) -> None:
    where = {"host": socket.gethostname(), "pid": os.getpid()}
    row = {**details, **where, "mode": mode, "width": width, "attempt": attempt}
    metric.append(folder / ATTEMPTS, [{**row, "event": "attempt", "step": 0}])


def _attempt(row: metric.Row | None) -> int:
    return (row or {}).get("attempt", 0)


def _holder_of(store: Path, run_id: str) -> tuple[str, int]:
    """Who works on a run of another group: the groups' files tell."""
    for path in sorted((store / "groups").glob("*/" + GROUP)):
        try:
            members = document.read(path).get("members")
        except (OSError, ValueError):
            continue
        if isinstance(members, list) and run_id in members:
            if lock.is_held(path.with_name(LOCK)):
                return lock.holder(path.with_name(LOCK))
    return "unknown", 0
