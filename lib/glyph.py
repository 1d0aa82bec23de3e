"""Symbols of a text as one can see them in a table."""

_VISIBLE = {
    " ": "\N{OPEN BOX}",
    "\n": "\N{RETURN SYMBOL}",
    "\t": "\N{RIGHTWARDS ARROW TO BAR}",
}


def visible(symbol: str) -> str:
    """The symbol itself, or a sign for one that shows nothing: a space is a box."""
    if symbol in _VISIBLE:
        return _VISIBLE[symbol]
    return symbol if symbol.isprintable() else ascii(symbol)[1:-1]
