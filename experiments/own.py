"""--model=FILE:FACTORY and --task=FILE:FACTORY: what is the user's own in a sweep.

A file is executed once its name is given here; experiments/own_check.py then holds its
model or task against the contract, before anything trains. Settings may follow, as in
cell.py:make_cell,decay=0.9.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from absl import flags

from lib.error import UserError


class OwnFlags(NamedTuple):
    """The two flags, each of which may be given several times."""

    model: flags.FlagHolder[list[str]]
    task: flags.FlagHolder[list[str]]


class Given(NamedTuple):
    """A factory that is known by now: how it is called in a figure and in a config."""

    label: str
    name: str
    settings: dict[str, Any]

    @property
    def section(self) -> dict[str, Any]:
        """What a config says of it."""
        return {"name": self.name, **self.settings}


class Own(NamedTuple):
    """All of the user's own that a command names."""

    models: tuple[Given, ...]
    tasks: tuple[Given, ...]

    def __bool__(self) -> bool:
        return bool(self.models or self.tasks)


def define_own_flags() -> OwnFlags:
    """--model and --task of a program that trains, checks or loads runs."""
    define = lambda kind: flags.DEFINE_multi_string(
        kind,
        [],
        f"A {kind} of your own: path/to/file.py:factory[,setting=value ...]; "
        "may be repeated.",
    )
    return OwnFlags(define("model"), define("task"))


def load_own(own: OwnFlags, num_threads: int = 1) -> Own:
    """Execute the files that are named. UserError, with the line, where one fails."""
    if not own.model.value and not own.task.value:
        return Own((), ())
    from lib.launch.process import thread_environment

    os.environ.update(thread_environment(num_threads))  # before JAX is imported
    found = {
        holder.name: name_apart([_load(holder.name, text) for text in holder.value])
        for holder in own
    }
    return Own(found["model"], found["task"])


def split_given(text: str) -> list[str]:
    """The file with its factory, and the settings; a path may hold commas.

    A setting's value may hold colons: the file ends at the first ".py:".
    """
    path, colon, rest = text.partition(".py:")
    if not colon:  # no Python file: what is said of it names it whole
        path, colon, rest = text.rpartition(":")
    factory, *pairs = rest.split(",")
    return [f"{path}{colon}{factory}", *pairs]


def name_apart(given: Sequence[Given]) -> tuple[Given, ...]:
    """What was given, each under a label of its own: with its file where two share one.

    Raises UserError where the same is given twice.
    """
    labels = [each.label for each in given]
    whole = [_label(each.name, each.settings) for each in given]
    if twice := next((name for name in whole if whole.count(name) > 1), None):
        raise UserError(f"{twice}: is given twice")
    return tuple(
        each._replace(label=name) if labels.count(each.label) > 1 else each
        for each, name in zip(given, whole, strict=True)
    )


def _load(kind: Any, text: str) -> Given:
    from lib import own

    given, *pairs = split_given(text)
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UserError(
                f"--{kind}={text}: settings follow as ,name=value, got {pair!r}"
            )
        settings[key] = _value(value)
    name = own.add(kind, given).name
    plain = name.rpartition(":")[2].removeprefix("make_")
    return Given(_label(plain, settings), name, settings)


def _label(name: str, settings: Mapping[str, Any]) -> str:
    return ", ".join([name, *(f"{key} {value}" for key, value in settings.items())])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)
