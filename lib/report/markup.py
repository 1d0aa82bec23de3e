"""HTML built so that nothing can slip through unescaped.

Children that are plain strings are escaped; only what `element` made passes as it is.
"""

import html
from typing import NamedTuple

VOID = frozenset({"br", "img", "meta", "source", "hr"})


class Markup(NamedTuple):
    """A piece of finished HTML. Only made by `element` and `join`."""

    html: str


Child = Markup | str | None


def escape(text: str) -> str:
    """Text safe in an element and in a quoted attribute, control characters gone."""
    kept = "".join(c for c in text if c.isprintable() or c == "\n")
    return html.escape(kept, quote=True)


def join(*children: Child) -> Markup:
    """The children side by side."""
    return Markup(
        "".join(
            child.html if isinstance(child, Markup) else escape(child)
            for child in children
            if child is not None
        )
    )


def element(tag: str, *children: Child, **attributes: str) -> Markup:
    """One element; `class_` and `http_equiv` are written as HTML has them."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value
    )
    if tag in VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(*children).html}</{tag}>")
