"""Lists of ListOps: read, evaluated and enumerated, as their definition says."""

import functools
import statistics
from collections.abc import Sequence
from typing import Any

from tests.tasks.exact import Example

Tree = Any  # a digit, or (operator, items)


def read_list(symbols: Sequence[str]) -> tuple[Tree, Sequence[str]]:
    """The tree that the symbols begin with, and the symbols after it."""
    first, rest = symbols[0], symbols[1:]
    if not first.startswith("["):
        return int(first), rest
    items = []
    while rest[0] != "]":
        item, rest = read_list(rest)
        items.append(item)
    return (first, items), rest[1:]


def value_of(tree: Tree) -> int:
    if isinstance(tree, int):
        return tree
    values = [value_of(item) for item in tree[1]]
    apply = {
        "[MAX": max,
        "[MIN": min,
        "[MED": lambda v: int(statistics.median(v)),
        "[SM": lambda v: sum(v) % 10,
    }
    return int(apply[tree[0]](values))


def lists(
    length: int, max_depth: int, nesting: float, num_digits: int = 10
) -> list[Example]:
    """Every list of so many symbols, by what is drawn for it."""

    @functools.cache
    def items(room: int, depth: int) -> list[tuple[float, tuple[int, ...], tuple]]:
        """What fills the room of a list: how likely, its symbols, its values."""
        if room == 0:
            return [(1.0, (), ())]
        found = []
        nests = nesting if room >= 3 and depth < max_depth else 0.0
        for digit in range(num_digits):
            for chance, symbols, values in items(room - 1, depth):
                found.append(
                    (
                        (1 - nests) / num_digits * chance,
                        (digit, *symbols),
                        (digit, *values),
                    )
                )
        if not nests:
            return found
        for size in range(3, room + 1):
            share = nests / (room - 2)
            for c, symbols, value in whole(size, depth + 1):
                for chance, rest, values in items(room - size, depth):
                    found.append((share * c * chance, symbols + rest, (value, *values)))
        return found

    @functools.cache
    def whole(size: int, depth: int) -> list[tuple[float, tuple[int, ...], int]]:
        return [
            (chance / 4, (10 + i, *symbols, 14), value_of((operator, list(values))))
            for i, operator in enumerate(("[MAX", "[MIN", "[MED", "[SM"))
            for chance, symbols, values in items(size - 2, depth)
        ]

    return [
        Example(chance, symbols, (*[None] * (length - 1), value))
        for chance, symbols, value in whole(length, 1)
    ]
