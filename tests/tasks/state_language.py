"""The languages of state tracking, each written from its definition as plain loops."""

import itertools
from collections.abc import Iterator

from tests.tasks.exact import Example


def at_the_end(length: int, answer: int) -> tuple[int | None, ...]:
    return (*[None] * (length - 1), answer)


def bit_strings(
    length: int, density: float = 0.5
) -> Iterator[tuple[float, tuple[int, ...]]]:
    for bits in itertools.product((0, 1), repeat=length):
        yield density ** sum(bits) * (1 - density) ** (length - sum(bits)), bits


def parity(length: int, density: float = 0.5) -> list[Example]:
    return [
        Example(chance, bits, at_the_end(length, sum(bits) % 2))
        for chance, bits in bit_strings(length, density)
    ]


def cumulative_parity(length: int, density: float = 0.5) -> list[Example]:
    return [
        Example(chance, bits, tuple(n % 2 for n in itertools.accumulate(bits)))
        for chance, bits in bit_strings(length, density)
    ]


def even_pairs(length: int) -> list[Example]:
    unequal = lambda bits: sum(a != b for a, b in itertools.pairwise(bits))
    return [
        Example(chance, bits, at_the_end(length, unequal(bits) % 2))
        for chance, bits in bit_strings(length)
    ]


def cycle_navigation(length: int, size: int) -> list[Example]:
    moves = {0: 0, 1: 1, 2: -1}
    return [
        Example(3**-length, x, at_the_end(length, sum(moves[a] for a in x) % size))
        for x in itertools.product((0, 1, 2), repeat=length)
    ]


def modular_arithmetic(length: int, modulus: int) -> list[Example]:
    """Python's own precedence of operators evaluates the expression."""
    symbols = [*map(str, range(modulus)), "+", "-", "*"]
    digits, operators = range(modulus), range(modulus, modulus + 3)
    places = [digits if i % 2 == 0 else operators for i in range(length)]
    found = list(itertools.product(*places))
    return [
        Example(
            1 / len(found),
            x,
            at_the_end(length, eval("".join(symbols[i] for i in x)) % modulus),
        )
        for x in found
    ]


def flip_flop(length: int, ignore: float) -> list[Example]:
    """Strings of `length` inputs: pairs of an instruction and a bit, then a read."""
    other = (1 - ignore) / 2
    chance_of = {"w": other, "r": other, "i": ignore}
    number = {"w": 2, "r": 3, "i": 4}
    found = []
    kinds = [["w"], *[["w", "r", "i"]] * (length // 2 - 1)]
    for instructions in itertools.product(*kinds):
        bits = [(0, 1) if kind != "r" else (None,) for kind in instructions]
        for drawn in itertools.product(*bits):
            chance, stored, inputs, targets = 1.0, None, [], []
            for i, (kind, bit) in enumerate(zip(instructions, drawn, strict=True)):
                chance *= chance_of[kind] if i else 1
                if kind == "r":
                    targets += [stored, None]
                    inputs += [number[kind], stored]
                    continue
                chance /= 2
                stored = bit if kind == "w" else stored
                targets += [None, None]
                inputs += [number[kind], bit]
            example = (*inputs, number["r"]), (*targets, stored)
            found.append(Example(chance, *example))
    return [example for example in found if example.chance > 0]


def group_words(members: list[tuple[int, ...]], length: int) -> list[Example]:
    """Words over permutations, each applied after those read before it."""
    found = []
    for word in itertools.product(range(len(members)), repeat=length):
        points, targets = tuple(range(len(members[0]))), []
        for x in word:
            points = tuple(members[x][p] for p in points)
            targets.append(members.index(points))
        found.append(Example(len(members) ** -length, word, tuple(targets)))
    return found
