"""How much of a caption is true of a scene, and how much of the scene it tells.

A caption is a list of facts: the size, colour and kind of each object, the relation of
each to the next, the row and the column of each detail. Its objects are matched with
the scene's shapes one to one, in the way that makes most facts right. Then

    meaning = 2 right / (told + wanted)

over the facts (their F1): told are those of the caption, wanted those that a complete
caption of the scene has, right those that are true. It is 1 for every complete and true
caption, in whatever order and with whichever of the true relations; a missed object
lowers it as much as an invented one. A caption outside the grammar has told nothing.

A relation is true where the centres of the two are at least side / 16 apart in its
direction, a place where the centre is on that side of the middle or within side / 16
of it. What is said twice counts once; true relations beyond those wanted cost nothing.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lib.tasks.scene import Thing
from lib.tasks.scene_grammar import TOLERANCE, Object, Told, parse

PARTS = ("size", "colour", "kind", "relation", "place")
_MOST_OBJECTS = 7  # told objects beyond these match nothing


class Count(NamedTuple):
    """Facts of one part that are true, that were told, and that were wanted."""

    right: int = 0
    told: int = 0
    wanted: int = 0


class Marks(NamedTuple):
    """What a caption got for a scene."""

    parts: dict[str, Count]
    grammatical: bool
    exact_objects: int  # told with every attribute right
    missed: int  # shapes of the scene that no told object agrees with in two attributes
    invented: int  # told objects that agree with no shape in two attributes
    faults: tuple[str, ...]  # what is wrong or missing, in words

    @property
    def meaning(self) -> float:
        """F1 of the facts, in [0, 1]."""
        return f1(self.parts.values())


def f1(counts: Iterable[Count]) -> float:
    """2 right / (told + wanted) over some counts; nan where there are none."""
    counts = list(counts)
    asked = sum(c.told + c.wanted for c in counts)
    return 2 * sum(c.right for c in counts) / asked if asked else float("nan")


def mark(
    words: Sequence[str], things: Sequence[Thing], side: int, num_details: int = 0
) -> Marks:
    """The marks of a caption, as its words with the END, for the shapes of a scene."""
    wanted = {
        **dict.fromkeys(PARTS[:3], len(things)),
        "relation": len(things) - 1,
        "place": 2 * min(num_details, len(things)),
    }
    told = parse(words)
    if told is None:
        parts = {name: Count(0, 0, wanted[name]) for name in PARTS}
        return Marks(parts, False, 0, len(things), 0, ("not a caption",))
    match = max(
        _matches(told, things),
        key=lambda match: sum(
            count.right for count in _parts(told, match, wanted, side).values()
        ),
    )
    parts = _parts(told, match, wanted, side)
    agreeing = [
        sum(_agrees(told.objects[i], thing, name) for name in PARTS[:3])
        for i, thing in match.items()
    ]
    close = sum(attributes >= 2 for attributes in agreeing)
    return Marks(
        parts,
        True,
        sum(attributes == 3 for attributes in agreeing),
        len(things) - close,
        len(told.objects) - close,
        _faults(told, things, match, side),
    )


def _matches(told: Told, things: Sequence[Thing]) -> list[dict[int, Thing]]:
    """Every way to match as many told objects with shapes as there can be."""
    num_told = min(len(told.objects), _MOST_OBJECTS)
    if num_told <= len(things):
        return [
            dict(enumerate(chosen))
            for chosen in itertools.permutations(things, num_told)
        ]
    return [
        dict(zip(chosen, things, strict=True))
        for chosen in itertools.permutations(range(num_told), len(things))
    ]


def _parts(
    told: Told, match: dict[int, Thing], wanted: dict[str, int], side: int
) -> dict[str, Count]:
    """The counts under one matching."""
    parts = {}
    for name in PARTS[:3]:
        right = sum(_agrees(told.objects[i], thing, name) for i, thing in match.items())
        num_told = sum(getattr(told_one, name) != "" for told_one in told.objects)
        parts[name] = Count(right, num_told, wanted[name])
    holds = [_holds(relation, match, side) for relation in told.relations]
    parts["relation"] = _capped(sum(holds), len(holds), wanted["relation"])
    placed, wrong = set(), 0
    for i, *names in told.places:
        for name in names:
            if i in match and _is_at(name, match[i], side):
                placed.add((i, name))
            else:
                wrong += 1
    parts["place"] = _capped(len(placed), len(placed) + wrong, wanted["place"])
    return parts


def _faults(
    told: Told, things: Sequence[Thing], match: dict[int, Thing], side: int
) -> tuple[str, ...]:
    """What is wrong, in the order in which it was told, then what was not told."""
    faults = []
    for i, said in enumerate(told.objects):
        name = " ".join(word for word in said if word)
        if i not in match:
            faults.append(f"no {name}")
            continue
        true = " ".join(match[i][:3])
        if name != true:
            faults.append(f"{name}: is {true}")
    for relation in told.relations:
        if not _holds(relation, match, side):
            i, said, j = relation
            pair = [" ".join(told.objects[k][1:]) for k in (i, j)]
            faults.append(f"not {pair[0]} {said} {pair[1]}")
    for i, *names in told.places:
        if i not in match or not all(_is_at(n, match[i], side) for n in names):
            faults.append(f"not at the {' '.join(names)}")
    kept = list(match.values())
    faults += [f"missed {' '.join(t[:3])}" for t in things if t not in kept]
    return tuple(faults)


def _agrees(said: Object, thing: Thing, name: str) -> bool:
    return getattr(said, name) == getattr(thing, name)


def _holds(relation: tuple[int, str, int], match: dict[int, Thing], side: int) -> bool:
    i, said, j = relation
    return i in match and j in match and is_true(said, match[i], match[j], side)


def _capped(right: int, told: int, wanted: int) -> Count:
    """Counts in which true facts beyond the wanted ones do not appear."""
    kept = min(right, wanted)
    return Count(kept, told - right + kept, wanted)


def is_true(relation: str, first: Thing, second: Thing, side: int) -> bool:
    """Whether the first is left of, right of, above or below the second."""
    distance = {
        "left of": second.column - first.column,
        "right of": first.column - second.column,
        "above": second.row - first.row,
        "below": first.row - second.row,
    }[relation]
    return distance >= TOLERANCE * side


def _is_at(name: str, thing: Thing, side: int) -> bool:
    middle, slack = side / 2, TOLERANCE * side
    return {
        "top": thing.row < middle + slack,
        "bottom": thing.row >= middle - slack,
        "left": thing.column < middle + slack,
        "right": thing.column >= middle - slack,
    }[name]
