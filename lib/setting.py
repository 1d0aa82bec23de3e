"""Settings of a factory, read from its signature: type, bound, default, traced or not.

A factory states what each setting may be where its default lives:

    def make_rnn(interface, *, hidden_size: Size = 64, dropout: Probability = 0.0): ...

`settings_of` reads that, and `check_settings` holds what a user gave against it, with
every problem at once. A traced setting may differ between the runs of one compiled
program; every other setting picks the program.
"""

import difflib
import functools
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin


@dataclass(frozen=True)
class Bound:
    """An interval that a number must lie in; the low end may be excluded."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False

    def holds(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high

    def __str__(self) -> str:
        parts = []
        if self.low > -math.inf:
            parts.append(f"{'above' if self.open_low else 'at least'} {self.low:g}")
        if self.high < math.inf:
            parts.append(f"at most {self.high:g}")
        return " and ".join(parts) or "finite"


@dataclass(frozen=True)
class Traced:
    """Marks a scalar that may differ between the runs of one compiled program."""


@dataclass(frozen=True)
class Added:
    """Marks a setting that came after runs existed, whose default is what they did.

    At its default it is no part of a run's id: those runs keep theirs.
    """


Scalar = float  # or a tracer of one, inside a compiled program
Size = Annotated[int, Bound(1, 2**31 - 1)]
Count = Annotated[int, Bound(0, 2**31 - 1)]
Probability = Annotated[float, Bound(0, 1)]
Positive = Annotated[float, Bound(0, open_low=True)]
TracedPositive = Annotated[Scalar, Bound(0, open_low=True), Traced()]
TracedNonNegative = Annotated[Scalar, Bound(0), Traced()]
TracedProbability = Annotated[Scalar, Bound(0, 1), Traced()]
TracedFloat = Annotated[Scalar, Bound(), Traced()]


@dataclass(frozen=True)
class Setting:
    """One keyword of a factory, as its signature states it."""

    kind: type  # int, float, bool, str or tuple
    default: Any  # inspect.Parameter.empty where the user must choose
    bound: Bound | None = None
    choices: tuple[Any, ...] = ()
    traced: bool = False
    optional: bool = False  # None is allowed
    item: "Setting | None" = None  # what a tuple holds
    added: bool = False  # no part of a run's id at its default


@functools.cache
def settings_of(factory: Callable[..., Any]) -> Mapping[str, Setting]:
    """The keyword-only settings of a factory, in the order of its signature."""
    hints = typing.get_type_hints(factory, include_extras=True)
    found = {
        name: _setting(hints[name], parameter.default)
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return types.MappingProxyType(found)  # every caller gets the same


def _setting(hint: Any, default: Any) -> Setting:
    bound, traced, optional, added = None, False, False, False
    while True:
        if get_origin(hint) is Annotated:
            hint, *marks = get_args(hint)
            bound = next((m for m in marks if isinstance(m, Bound)), bound)
            traced = traced or any(isinstance(m, Traced) for m in marks)
            added = added or any(isinstance(m, Added) for m in marks)
        elif get_origin(hint) in (typing.Union, types.UnionType):
            members = [h for h in get_args(hint) if h is not types.NoneType]
            optional = len(members) < len(get_args(hint))
            hint = members[0]
        else:
            break
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        kind = type(choices[0])
        return Setting(kind, default, None, choices, traced, optional, added=added)
    if get_origin(hint) is tuple:
        item = _setting(get_args(hint)[0], inspect.Parameter.empty)
        return Setting(tuple, default, None, (), False, optional, item, added)
    return Setting(hint, default, bound, (), traced, optional, added=added)


def check_settings(
    where: str, settings: Mapping[str, Setting], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Hold given values against settings: all of them with defaults, and the problems.

    Integers pass where a float is asked and become one; True never passes as a number;
    lists become tuples.
    """
    problems = [
        f"{where}: unknown setting {name!r}{nearest(name, settings)}"
        for name in given
        if name not in settings
    ]
    filled: dict[str, Any] = {}
    for name, setting in settings.items():
        if name in given:
            value, problem = _checked(setting, given[name])
            if problem:
                problems.append(
                    f"{where}.{name} must be {problem}, got {given[name]!r}"
                )
            filled[name] = value
        elif setting.default is inspect.Parameter.empty:
            problems.append(f"{where}.{name} must be given")
        else:
            filled[name] = setting.default
    return filled, problems


def nearest(name: str, known: Mapping[str, Any] | typing.Iterable[str]) -> str:
    """A hint for a misspelt name: the closest known one, then all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (known: {', '.join(names) or 'none'})"


def _checked(setting: Setting, value: Any) -> tuple[Any, str]:
    """The value in its own type, and what it should have been ('' if it is right)."""
    if value is None and setting.optional:
        return None, ""
    if setting.kind is float and type(value) is int:
        value = float(value)
    if setting.kind is tuple and isinstance(value, list):
        value = tuple(value)
    if value is None or type(value) is not setting.kind:
        return value, _describe(setting)
    if setting.item is not None:
        pairs = [_checked(setting.item, item) for item in value]
        problem = next((p for _, p in pairs if p), "")
        return tuple(v for v, _ in pairs), problem and f"a list of {problem}"
    if setting.choices and value not in setting.choices:
        return value, _describe(setting)
    if setting.kind is float and not math.isfinite(value):
        return value, _describe(setting)
    if setting.bound is not None and not setting.bound.holds(value):
        return value, _describe(setting)
    return value, ""


def _describe(setting: Setting) -> str:
    if setting.choices:
        return "one of " + ", ".join(map(repr, setting.choices))
    kinds = {int: "an integer", float: "a finite number", bool: "True or False"}
    text = kinds.get(setting.kind, "a list" if setting.kind is tuple else "a string")
    bound = (
        f" {setting.bound}" if setting.bound and str(setting.bound) != "finite" else ""
    )
    return text + bound + (" or None" if setting.optional else "")
