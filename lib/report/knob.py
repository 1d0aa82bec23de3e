"""What makes the task of a part harder: its length, or another of its settings.

A part that tests memories compares models along one such axis. Where it is not the
length but, say, the number of pairs to bind, scores, horizons and figures are over that
number, and a horizon is the largest load that is solved.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LENGTH = "length"


def knob_of(cells: Sequence[Mapping[str, Any]], tasks: Sequence[Any]) -> str:
    """The axis of a part, by the cells of its runs and the task of each config.

    The length, unless exactly one other axis of whole numbers is a task's setting.
    """
    if not cells or any(LENGTH in cell for cell in cells):
        return LENGTH
    names = dict.fromkeys(name for cell in cells for name in cell if name != "model")
    found = [name for name in names if _is_axis([c.get(name) for c in cells], tasks)]
    return found[0] if len(found) == 1 else LENGTH


def knob_name(knob: str) -> str:
    """The axis in words: "length", or "pairs" for num_pairs."""
    return knob.removeprefix("num_").replace("_", " ")


def knob_text(knob: str) -> str:
    """The axis in words, with its unit."""
    return "length (tokens)" if knob == LENGTH else knob_name(knob)


def unit_text(knob: str) -> str:
    """What a number of the axis counts."""
    return "tokens" if knob == LENGTH else knob_name(knob)


def _is_axis(values: Sequence[Any], tasks: Sequence[Any]) -> bool:
    if not all(type(value) is int and value > 0 for value in values):
        return False
    if len(set(values)) < 2 or not all(isinstance(task, Mapping) for task in tasks):
        return False
    pairs = list(zip(values, tasks, strict=True))
    return any(all(task.get(key) == v for v, task in pairs) for key in tasks[0])
