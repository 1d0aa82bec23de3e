"""The languages of hierarchy, each written from its definition as plain loops."""

import itertools
from collections.abc import Callable, Sequence

from tests.tasks.exact import Example


def dyck(length: int, num_kinds: int, max_depth: int) -> list[Example]:
    """Prefixes, grown bracket by bracket; (chance, inputs, targets, open brackets)."""
    start: tuple[float, tuple, tuple, tuple] = (1.0, (), (), ())
    grown = [start]
    for _ in range(length):
        longer = []
        for chance, inputs, targets, stack in grown:
            closes = 0.0 if not stack else 1.0 if len(stack) == max_depth else 0.5
            nexts = []
            if closes < 1:
                each = (1 - closes) / num_kinds
                nexts += [(each, kind, (*stack, kind)) for kind in range(num_kinds)]
            if closes > 0:
                nexts.append((closes, num_kinds + stack[-1], stack[:-1]))
            for share, bracket, left in nexts:
                answer = left[-1] if left else None
                longer.append(
                    (chance * share, (*inputs, bracket), (*targets, answer), left)
                )
        grown = longer
    return [Example(*prefix[:3]) for prefix in grown]


def transduction(
    length: int, num_symbols: int, answer: Callable[[Sequence[int]], Sequence[int]]
) -> list[Example]:
    found = []
    for string in itertools.product(range(num_symbols), repeat=length):
        written = answer(string)
        inputs = (*string, *[num_symbols] * len(written))
        targets = (*[None] * length, *written)
        found.append(Example(num_symbols**-length, inputs, targets))
    return found
