"""Tables of Markdown, in pages that stand in docs/."""

from collections.abc import Callable, Sequence
from typing import Any


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Its lines; a cell is Markdown already."""
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return [line(columns), "|" + "---|" * len(columns), *map(line, rows)]


def cell(text: str) -> str:
    """Plain text in a cell of a table."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def code(text: str) -> str:
    """Code in a cell of a table."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else "–"


def file_link(name: str, factory: Callable[..., Any]) -> str:
    """A name that leads to the file of what it names."""
    return f"[`{name}`](../{factory.__module__.replace('.', '/')}.py)"
