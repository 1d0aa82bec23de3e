"""The factory of a module of the user's own, called as registered ones are."""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from lib.error import UserError
from lib.setting import nearest, settings_of

KINDS = (int, float, bool, str, tuple)  # of a factory's settings
# What a factory is called with, before its settings.
POSITIONAL = {"model": ("interface",), "task": ("split", "batch_size", "max_length")}


def find_factory(
    module: ModuleType, kind: str, name: str, given: str
) -> Callable[..., Any]:
    """The factory; UserError unless it can be called as registered ones are."""
    where = f"--{kind}={given}"
    make = getattr(module, name, None)
    if not callable(make):
        made = [n for n, v in vars(module).items() if _is_made_by(v, module.__name__)]
        raise UserError(f"{where}: has no factory {name!r}{nearest(name, made)}")
    return _checked(make, where, POSITIONAL[kind])


def _checked(
    make: Callable[..., Any], where: str, words: tuple[str, ...]
) -> Callable[..., Any]:
    parameters = inspect.signature(make).parameters.values()
    plain = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    settings = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    if len(plain) != len(words) or len(plain) + len(settings) != len(parameters):
        raise UserError(
            f"{where}: must be a function ({', '.join(words)}, *, settings), "
            f"got ({', '.join(map(str, parameters))})"
        )
    for parameter in settings:
        if parameter.annotation is parameter.empty:
            raise UserError(
                f"{where}: the setting {parameter.name!r} needs a type, as "
                f"{parameter.name}: Size = 64 (lib.setting)"
            )
    try:
        found = settings_of(make)
    except Exception as error:
        raise UserError(f"{where}: {type(error).__name__}: {error}") from error
    for setting, kind in ((n, s.kind) for n, s in found.items()):
        if kind not in KINDS:
            allowed = ", ".join(k.__name__ for k in KINDS)
            raise UserError(
                f"{where}: the setting {setting!r} must be one of {allowed}, got {kind}"
            )
    return make


def _is_made_by(value: Any, module: str) -> bool:
    return inspect.isfunction(value) and value.__module__ == module
