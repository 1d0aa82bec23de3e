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


def bracketed(length: int, modulus: int) -> list[tuple[float, str, int]]:
    """Every expression of a length: how likely, how it is written, its value."""
    digits = [(1 / modulus, str(d), d) for d in range(modulus)]
    if length <= 4:
        before, after = (("", ""), ("-", ""), ("(", ")"), ("(-", ")"))[length - 1]
        sign = -1 if "-" in before else 1
        return [(c, before + s + after, sign * v % modulus) for c, s, v in digits]
    found = []
    for left in range(1, length - 3):
        both = itertools.product(
            bracketed(left, modulus), bracketed(length - 3 - left, modulus)
        )
        for (c, s, v), (d, t, w) in both:
            chance = c * d / (length - 4) / 3
            for operator, value in (("+", v + w), ("-", v - w), ("*", v * w)):
                found.append((chance, f"({s}{operator}{t})", value % modulus))
    return found


def modular_brackets(length: int, modulus: int) -> list[Example]:
    number = {s: i for i, s in enumerate([*map(str, range(modulus)), *"+-*()"])}
    found = []
    for chance, text, value in bracketed(length, modulus):
        assert eval(text) % modulus == value
        targets = (*[None] * (length - 1), value)
        found.append(Example(chance, tuple(number[s] for s in text), targets))
    return found


def stack_manipulation(length: int) -> list[Example]:
    found = []
    for size in range(1, length):
        actions = length - size
        for bits in itertools.product((0, 1), repeat=size):
            for done in itertools.product(("pop", 0, 1), repeat=actions):
                stack = list(bits)
                for action in done:
                    if action != "pop":
                        stack.append(action)
                    elif stack:
                        stack.pop()
                answer = [*reversed(stack), 2]
                read = [2 if action == "pop" else 3 + action for action in done]
                unasked = [None] * (length + 1 - len(answer))
                found.append(
                    Example(
                        1 / (length - 1) / 2**size / 3**actions,
                        (*bits, *read, *[5] * (length + 1)),
                        (*[None] * length, *answer, *unasked),
                    )
                )
    return found


def missing_duplicate(length: int) -> list[Example]:
    half = length // 2
    found = []
    for string in itertools.product((0, 1), repeat=half):
        for hidden in range(2 * half):
            twice = [*string, *string]
            targets = (*[None] * (length - 1), twice[hidden])
            twice[hidden] = 2
            inputs = (*twice, *[3] * (length % 2))
            found.append(Example(2.0**-half / (2 * half), inputs, targets))
    return found


def binary_addition(length: int) -> list[Example]:
    found = []
    for size in range(1, length - 1):
        other = length - 1 - size
        for a, b in itertools.product(range(2**size), range(2**other)):
            written = [int(digit) for digit in reversed(f"{a + b:b}")]
            first, second = f"{a:0{size}b}"[::-1], f"{b:0{other}b}"[::-1]
            inputs = [*map(int, first), 2, *map(int, second), *[3] * (length + 1)]
            unasked = [None] * (length - len(written))
            found.append(
                Example(
                    1 / (length - 2) / 2 ** (length - 1),
                    tuple(inputs),
                    (*[None] * length, *written, 2, *unasked),
                )
            )
    return found
