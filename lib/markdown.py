"""Tables of Markdown, in pages that stand in docs/."""

import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

from lib.setting import Setting, settings_of


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Its lines; a cell is Markdown already."""
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return [line(columns), "|" + "---|" * len(columns), *map(line, rows)]


def cell(text: str) -> str:
    """Plain text in a cell of a table; between backticks it is code."""
    parts = text.replace("|", "\\|").split("`")
    plain = lambda part: part.replace("*", "\\*").replace("_", "\\_")
    return "`".join(p if i % 2 else plain(p) for i, p in enumerate(parts))


def code(text: str) -> str:
    """Code in a cell of a table."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else "–"


def file_link(name: str, factory: Callable[..., Any]) -> str:
    """A name that leads to the file of what it names."""
    return f"[`{name}`](../{factory.__module__.replace('.', '/')}.py)"


def knobs(factory: Callable[..., Any], leave_out: Collection[str] = ()) -> str:
    """The settings of a factory as name=default, or all that it may be."""
    found = settings_of(factory).items()
    return " ".join(code(_knob(n, s)) for n, s in found if n not in leave_out) or "–"


def _knob(name: str, setting: Setting) -> str:
    if setting.choices:
        others = [repr(c) for c in setting.choices if c != setting.default]
        return f"{name}={'|'.join([repr(setting.default), *others])}"
    if setting.default is inspect.Parameter.empty:
        return name
    text = repr(setting.default)
    return f"{name}={text if len(text) < 12 or setting.kind is not float else text[:6]}"
