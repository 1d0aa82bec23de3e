"""The vocabulary report of a text, in one line and as a table."""

from collections.abc import Mapping
from typing import Any

from lib.glyph import visible
from lib.report.collect import dig, number, whole
from lib.report.table import Cell, Table

SPLITS = ("train", "validation", "test")


def vocabulary_text(name: str, facts: Mapping[str, Any]) -> str:
    """Tokens and unknown rates by split, the commonest symbols, in one line."""
    parts = [
        f"{split} {_tokens(facts, split)} ({_unknown(facts, split)} unknown)"
        for split in SPLITS
    ]
    return f"{name}: {_size(facts)}; {', '.join(parts)}; {_commonest(facts)}"


def vocabulary_table(facts: Mapping[str, Any]) -> Table:
    """One row a split; the commonest symbols below."""
    rows = [
        (Cell(split), Cell(_tokens(facts, split)), Cell(_unknown(facts, split)))
        for split in SPLITS
    ]
    unit = str(facts.get("unit") or "character")
    note = (
        f"{_size(facts)}, those of the training split and one that stands for every "
        f"other. {_commonest(facts).capitalize()}."
    )
    return Table("The text", ("split", f"{unit}s", "unknown"), rows, note)


def _size(facts: Mapping[str, Any]) -> str:
    count, unit = whole(facts.get("symbols")) or 0, facts.get("unit")
    return f"{count:,} {'words' if unit == 'word' else 'characters'} known"


def _tokens(facts: Mapping[str, Any], split: str) -> str:
    count = whole(dig(facts, "tokens", split))
    return "–" if count is None else f"{count:,}"


def _unknown(facts: Mapping[str, Any], split: str) -> str:
    rate = number(dig(facts, "unknown", split))
    if rate is None:
        return "–"
    return "0 %" if rate == 0 else f"{100 * rate:.2g} %"


def _commonest(facts: Mapping[str, Any]) -> str:
    given = facts.get("frequent")
    pairs = given if isinstance(given, list) else []
    shown = [
        f"{visible(str(pair[0]))} {100 * share:.1f} %"
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2
        if (share := number(pair[1])) is not None
    ]
    return f"the commonest: {', '.join(shown[:12])}"
