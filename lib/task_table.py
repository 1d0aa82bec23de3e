"""The tables of tasks: what each asks, and what can be reached by whom."""

from collections.abc import Callable

from lib.docstring import scored, source, title
from lib.markdown import cell, code, file_link, knobs, table
from lib.registry import ABILITIES, TASKS
from lib.types import Task

LENGTHS = (16, 64, 256)

_COLUMNS = (
    "task",
    "version",
    "asked",
    "scored",
    "metric",
    "floor at " + ", ".join(map(str, LENGTHS)),
    "optimum",
    "bits at " + ", ".join(map(str, LENGTHS)),
    "window oracle",
    "knobs",
    "source",
)


def ability_table(ability: str) -> list[str]:
    """One row for each generated task of an ability, in the order of the registry."""
    rows = [_row(name, make) for name, make in ABILITIES[ability].items()]
    return table(_COLUMNS, rows)


def other_tasks_table() -> list[str]:
    """One row for each task of data, or with an end of its own: not made here."""
    known = {name for tasks in ABILITIES.values() for name in tasks}
    rows = [
        [file_link(name, make), cell(_asked(name, make)), knobs(make)]
        for name, make in TASKS.items()
        if name not in known
    ]
    return table(("task", "what is read and asked", "knobs"), rows)


def _row(name: str, make: Callable[..., Task]) -> list[str]:
    task = make("train", 2, max(LENGTHS))
    return [
        file_link(name, make),
        str(task.version),
        cell(_asked(name, make)),
        cell(scored(make)) or "–",
        code(task.score_metric),
        _at_lengths(task.floor),
        _at_lengths(task.optimum),
        _at_lengths(task.information),
        "yes" if task.window_score is not None else "–",
        knobs(make),
        source(make) or "–",
    ]


def _asked(name: str, make: Callable[..., Task]) -> str:
    """The file's title, or the factory's where a file makes several tasks."""
    others = [m for m in TASKS.values() if m.__module__ == make.__module__]
    if len(others) == 1 or not make.__doc__:
        return title(make).partition(": ")[2] or title(make)
    return " ".join(make.__doc__.strip().split("\n\n")[0].split()).rstrip(".")


def _at_lengths(value: Callable[[int], float] | None) -> str:
    """A function of the length at those of the table, once where it is constant."""
    if value is None:
        return "–"
    found = [_number(value, length) for length in LENGTHS]
    return found[0] if len(set(found)) == 1 else ", ".join(found)


def _number(value: Callable[[int], float], length: int) -> str:
    try:
        return f"{value(length):.3g}"
    except ValueError:  # no example is of that length
        return "–"
