"""The generated tables of docs/: which page holds which, and writing them in place.

A table stands between two markers, the text around it is written by hand:

    <!-- table: linear -->
    <!-- end of table -->

A page names its tables in `PAGES`, each by a function that makes its lines from what
is registered, or takes them from a report that was copied into docs/ (`quote`).
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lib.data_table import data_set_table
from lib.error import UserError
from lib.model_table import family_table
from lib.registry import ABILITIES, FAMILIES
from lib.task_table import ability_table, other_tasks_table

ROOT = Path(__file__).resolve().parents[1]

Lines = list[str]
_TABLE = re.compile(
    r"^<!-- table: (?P<name>.+?) -->\n.*?^<!-- end of table -->$",
    re.DOTALL | re.MULTILINE,
)


def _model_tables() -> dict[str, Callable[[], Lines]]:
    return {family: lambda family=family: family_table(family) for family in FAMILIES}


def _task_tables() -> dict[str, Callable[[], Lines]]:
    tables: dict[str, Callable[[], Lines]] = {
        ability: lambda ability=ability: ability_table(ability) for ability in ABILITIES
    }
    return {**tables, "given data": other_tasks_table}


def _quoted(sweep: str, part: str, title: str) -> Callable[[], Lines]:
    return lambda: quote(ROOT / f"docs/{sweep}/report.md", part, title)


PAGES: dict[str, Mapping[str, Callable[[], Lines]]] = {
    "docs/data.md": {"data sets": data_set_table},
    "docs/models.md": _model_tables(),
    "docs/tasks.md": _task_tables(),
    "docs/battery.md": {
        "all tasks": _quoted("battery", "All tasks", "All tasks together"),
    },
    "docs/systems.md": {
        "babi": _quoted("babi", "babi", "Exact match by task"),
    },
    "README.md": {
        "seeds that solve each length": _quoted(
            "horizon", "recall", "Solved seeds by length"
        ),
        "horizons and costs": _quoted(
            "horizon", "recall", "How far each model remembers"
        ),
    },
}


def quote(report: Path, part: str, title: str) -> Lines:
    """The lines of one table of a report that `lib.report.copy` wrote.

    `part` and `title` are the headings above it. UserError where there is none.
    """
    section = _below(report.read_text().splitlines(), "## ", part)
    lines = itertools.dropwhile(lambda line: not line, _below(section, "### ", title))
    rows = list(itertools.takewhile(lambda line: line.startswith("|"), lines))
    if not rows:
        raise UserError(f"{report}: has no table '{title}' under '{part}'")
    return rows


def _below(lines: Lines, level: str, heading: str) -> Lines:
    """What stands below a heading, up to the next of its level."""
    if level + heading not in lines:
        return []
    rest = lines[lines.index(level + heading) + 1 :]
    return list(itertools.takewhile(lambda line: not line.startswith(level), rest))


def stale_pages(root: Path, names: Sequence[str] = tuple(PAGES)) -> dict[str, str]:
    """The pages that are not what they should be, with the text that they should be."""
    found = {}
    for name in names:
        text = (root / name).read_text()
        if (filled := fill(name, text, PAGES[name])) != text:
            found[name] = filled
    return found


def fill(name: str, text: str, tables: Mapping[str, Callable[[], Lines]]) -> str:
    """The text of page `name` with every table made anew between its markers.

    Raises UserError where a table has no place in the page, or a place no table.
    """
    places = [match["name"] for match in _TABLE.finditer(text)]
    if sorted(places) != sorted(tables):
        raise UserError(
            f"{name}: must have one place for each of the tables "
            f"{', '.join(sorted(tables))}; has {', '.join(sorted(places)) or 'none'}"
        )

    def made(match: re.Match[str]) -> str:
        lines = tables[match["name"]]()
        start = f"<!-- table: {match['name']} -->"
        return "\n".join([start, *lines, "<!-- end of table -->"])

    return _TABLE.sub(made, text)
