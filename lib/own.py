"""Models and tasks of the user's own: a factory in a Python file, and the file's hash.

A file is executed where the user names it, on the command line or to `add_model` and
`add_task`, and never because a config or a store mentions it. A config calls it
"cell.py:make_cell", without its folder, so that a run's id does not depend on where the
file lies; the SHA-256 of its bytes is part of the id, so that another content is
another run. What the file imports beside it is not.
"""

import hashlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from lib.error import RefusedError, UserError
from lib.registry import MODELS, SEQUENCE_MODELS, SEQUENCE_TASKS, TASKS
from lib.signature import find_factory

Kind = Literal["model", "task"]

ENVIRONMENT = "HORIZON_OWN"  # tells worker processes which files the user has named
HASHES = ("model_file", "task_file")  # where a run's versions hold them
_REGISTRIES: dict[Kind, tuple[dict[str, Callable[..., Any]], ...]] = {
    "model": (MODELS, SEQUENCE_MODELS),
    "task": (TASKS, SEQUENCE_TASKS),
}


class Own(NamedTuple):
    """A factory of the user's, as it was when its file was executed."""

    kind: Kind
    name: str  # in configs: "<file's name>:<factory>"
    path: Path
    sha256: str
    source: bytes


_ADDED: dict[tuple[Kind, str], Own] = {}


def add_model(given: str) -> str:
    """Make the model of "path/to/cell.py:make_cell" known, under the name it returns.

    Raises UserError where the file cannot be read or executed, with the line, or where
    the factory is not there or not of the signature that models have.
    """
    return add("model", given).name


def add_task(given: str) -> str:
    """Make the task of "path/to/task.py:make_task" known, under the name it returns."""
    return add("task", given).name


def add(kind: Kind, given: str, sha256: str = "") -> Own:
    """Execute a file and register its factory; with `sha256`, only if it is that."""
    text, colon, factory = given.rpartition(":")
    if not colon or not text or not factory.isidentifier():
        raise UserError(
            f"--{kind}={given}: must be of the form path/to/file.py:factory"
        )
    path = Path(text).expanduser().resolve()
    try:
        source = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "no such file"
        raise UserError(f"--{kind}={given}: cannot be read: {reason}") from error
    own = Own(
        kind,
        f"{path.name}:{factory}",
        path,
        hashlib.sha256(source).hexdigest(),
        source,
    )
    if sha256 and own.sha256 != sha256:
        raise RefusedError(
            f"{path}: has changed since this command began (SHA-256 {sha256[:12]} then,"
            f" {own.sha256[:12]} now); the same command takes it as it is now"
        )
    known = _ADDED.get((kind, own.name))
    if known is not None and known.sha256 == own.sha256:
        return known
    if known is not None and known.path != path:
        raise UserError(
            f"--{kind}={given}: {known.path} has the same name, {own.name}; "
            "rename one of the two"
        )
    make = find_factory(_execute(own), own.kind, factory, given)
    for registry in _REGISTRIES[kind]:
        registry[own.name] = make
    _ADDED[kind, own.name] = own
    _tell_children()
    return own


def restore() -> None:
    """Add what the process that started this one has added.

    Raises RefusedError where a file is not what it was then.
    """
    for kind, given, sha256 in json.loads(os.environ.get(ENVIRONMENT, "[]")):
        add(kind, given, sha256)


def hashes(config: Any) -> dict[str, str]:
    """The SHA-256 of a config's own files, by "model_file" and "task_file"."""
    sections: dict[Kind, Any] = {"model": config.model, "task": config.task}
    return {
        f"{kind}_file": _ADDED[kind, section["name"]].sha256
        for kind, section in sections.items()
        if (kind, section["name"]) in _ADDED
    }


def sources() -> dict[str, bytes]:
    """What the files that were added hold, by their SHA-256."""
    return {own.sha256: own.source for own in _ADDED.values()}


def line_of(error: BaseException, path: Path) -> str:
    """Where in a file an error comes from, as "cell.py, line 12: "; "" if nowhere."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path.name}, line {error.lineno}: "
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path.name}, line {lines[-1]}: " if lines else ""


def is_own(name: str) -> bool:
    """Whether a name in a config is that of a file's factory."""
    return ".py:" in name


def path_of(kind: Kind, name: str) -> Path | None:
    """The file of a name in a config; None where it is a registered one."""
    own = _ADDED.get((kind, name))
    return own and own.path


def unknown(kind: str, name: str) -> str:
    """What to say of a config's own file that this process has not been given."""
    return (
        f"{kind}: {name!r} is a file of your own, which is executed only where you "
        f"name it: give --{kind}=PATH/{name}, or call add_{kind} of lib"
    )


def _execute(own: Own) -> ModuleType:
    """The module of the bytes that were hashed: no compiled file stands in for them."""
    module = ModuleType(f"own_{own.path.stem}_{own.sha256[:8]}")
    module.__file__ = str(own.path)
    sys.modules[module.__name__] = module  # where dataclasses look types up
    try:
        exec(compile(own.source, str(own.path), "exec"), module.__dict__)
    except Exception as error:
        del sys.modules[module.__name__]
        where = line_of(error, own.path)
        said = error.msg if isinstance(error, SyntaxError) else error
        raise UserError(
            f"--{own.kind}={own.path}: {where}{type(error).__name__}: {said}"
        ) from error
    return module


def _tell_children() -> None:
    told = [
        [own.kind, f"{own.path}:{own.name.rpartition(':')[2]}", own.sha256]
        for own in _ADDED.values()
    ]
    os.environ[ENVIRONMENT] = json.dumps(told)
