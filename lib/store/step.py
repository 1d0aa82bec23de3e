"""Checkpoints: one folder a step, whose manifest, written last, says that it exists.

    <step>.tmp-<pid>/   being written
    <step>/             committed by one rename; the newest and the one before are kept

How a state becomes files is a `Codec`; `lib.store.checkpoint` has the one of Orbax.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lib.store import fault, files, manifest
from lib.store.files import CorruptError, WriteError

_STEP = re.compile(r"[0-9]{1,12}")


class Codec(NamedTuple):
    """Writes a state into an empty folder, and reads it back into a template."""

    write: Callable[[Path, Any], None]
    read: Callable[[Path, Any], Any]


class Found(NamedTuple):
    """The newest checkpoint that verifies, and what is wrong with newer ones."""

    checkpoint: tuple[int, Any] | None  # (step, state)
    problems: list[str]


def save(folder: Path, owner: str, step: int, state: Any, codec: Codec) -> None:
    """Commit a state as the folder's checkpoint of a step; keep the one before it."""
    write_folder(folder / str(step), codec, state, owner, step)
    before = [other for other in steps(folder) if other < step]
    for other in steps(folder):
        if other not in (step, max(before, default=step)):
            files.remove(folder / str(other))


def write_folder(
    final: Path, codec: Codec, state: Any, owner: str | None = None, step: int = -1
) -> None:
    """Write a state into a folder of its own, with a manifest if it has an owner."""
    temporary = final.with_name(f"{final.name}.tmp-new")
    try:
        files.remove(temporary)
        files.make_folder(temporary)
        fault.point("state.begin")
        codec.write(temporary, state)
        fault.point("state.written")
        if owner is not None:
            content = manifest.describe(temporary, owner, step)
            files.write_new(temporary / manifest.NAME, content)
        files.commit(temporary, final)
        files.remove(files.replaced(final))
    except Exception as error:
        try:
            files.remove(temporary)
        except OSError:
            pass  # the first error says more; the next holder removes the rest
        if isinstance(error, WriteError):
            raise
        number, reason = None, (str(error).splitlines() or [type(error).__name__])[0]
        if isinstance(error, OSError):
            number, reason = error.errno, error.strerror or reason
        raise WriteError(number, f"cannot write {final}: {reason}") from error


def latest(folder: Path, owner: str, template: Any, codec: Codec) -> Found:
    """The newest checkpoint whose every file is as its manifest says.

    Raises CorruptError, listing them, where there are checkpoints and none verifies:
    starting again in silence would lose them.
    """
    problems: list[str] = []
    for step in sorted(steps(folder), reverse=True):
        found = check(folder, owner, step)
        if not found:
            return Found((step, codec.read(folder / str(step), template)), problems)
        problems += found
    if problems:
        listed = "; ".join(problems)
        raise CorruptError(f"{folder}: no checkpoint can be used: {listed}")
    return Found(None, [])


def check(folder: Path, owner: str, step: int) -> list[str]:
    """What is wrong with a step's checkpoint; empty if it may be used."""
    path = folder / str(step)
    if path.is_symlink():
        return [f"{path}: is a link"]
    verdict = manifest.check(path, owner)
    if not verdict.problems and verdict.step != step:
        return [f"{path}: holds step {verdict.step}"]
    return verdict.problems


def steps(folder: Path) -> list[int]:
    """The steps that have a folder, whether or not it verifies."""
    if not folder.is_dir():
        return []
    return sorted(int(p.name) for p in folder.iterdir() if _STEP.fullmatch(p.name))


def set_aside(folder: Path, attempt: int) -> list[Path]:
    """Rename every checkpoint of a folder out of the way, keeping its files."""
    moved = []
    for step in steps(folder):
        aside = folder / f"aside-{attempt}-{step}"
        files.rename(folder / str(step), aside)
        moved.append(aside)
    files.sync_folder(folder)
    return moved
