"""Puts a report together, the parts of a sweep and what surrounds them, and writes it.

The page, `cells.csv` and the figures depend on the results alone: the same folder gives
the same bytes.
"""

import re
from pathlib import Path

from lib.error import UserError
from lib.report import provenance
from lib.report.battery import battery
from lib.report.battery_page import battery_markup, verdict_text
from lib.report.battery_table import aggregate_table
from lib.report.choice import choice_table, working_table
from lib.report.collect import Sweep
from lib.report.export import cells_csv, costs_csv
from lib.report.figure import looks
from lib.report.file import replace_file
from lib.report.headline import COSTS, expected_table
from lib.report.lint import warning_lines, warning_table
from lib.report.markup import Child, Markup, element
from lib.report.page import facts_markup, page, section, table_markup
from lib.report.part import headline, part_markup
from lib.report.table import Table, clean
from lib.report.tables import tables_markdown
from lib.report.time_table import time_table

CLAIM = (
    "What each model learned to remember within this budget of training, "
    "not what it could represent."
)


def write(sweep: Sweep, store: Path) -> Path:
    """Writes the page, its figures and its tables; returns the page's path."""
    folder = store / "report" / sweep.name
    figures = folder / "figures"
    # A link planted in the store must not make a report write outside it.
    if not figures.resolve().is_relative_to(store.resolve()):
        raise UserError(f"{figures}: a link leads out of the store")
    figures.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    runs = [run for run in sweep.runs if run.id]
    replace_file(folder / "cells.csv", cells_csv(runs, sweep.choices).encode())
    replace_file(folder / "costs.csv", costs_csv(runs).encode())
    replace_file(folder / "tables.md", tables_markdown(sweep).encode())
    replace_file(path, compose(sweep, figures).encode())
    return path


def report_text(sweep: Sweep) -> str:
    """The headline tables, the expected numbers and the warnings, as plain text."""
    tables = []
    for part in sweep.parts:
        runs = [run for run in sweep.replicates if run.part == part]
        table = headline(runs)
        if table is not None:
            title = f"{part}: {table.title.lower()}"
            # What a run cost is on the page; a terminal is narrow.
            tables.append(table.without(COSTS)._replace(title=title))
    tables.append(expected_table(sweep))
    together = battery(sweep)
    if together is not None:
        tables = [aggregate_table(together).without(COSTS), *tables]
    blocks = ["\n".join(table.lines()) for table in tables if table.rows]
    if together is not None:
        blocks.append(verdict_text(together))
    if warnings := warning_lines(sweep):
        blocks.append("\n".join(clean(line) for line in warnings))
    return "\n\n".join([*blocks, provenance.status_text(sweep)])


def compose(sweep: Sweep, figures: Path) -> str:
    """The page as text; draws its figures into the folder `figures`."""
    together = battery(sweep)
    shared = sorted(together.labels) if together else ()
    styles = looks(dict.fromkeys([*shared, *sweep.labels]))
    parts, links, stems = [], [], set()
    if together is not None:
        stem = _stem("all tasks", stems)
        about = f"{verdict_text(together)} {provenance.matched_text(sweep)}"
        told = element("p", about.strip(), class_="facts")
        body = battery_markup(stem, together, styles, figures)
        parts.append(section("All tasks", stem, told, *body))
        links.append(element("a", "All tasks", href=f"#{stem}"))
    for part in sweep.parts:
        stem = _stem(part, stems)
        runs = [run for run in sweep.replicates if run.part == part]
        about = provenance.about_text(sweep, part, runs)
        budget = element("p", about, class_="facts")
        body = part_markup(stem, runs, styles, figures)
        parts.append(section(part, stem, budget, *body))
        links.append(element("a", part, href=f"#{stem}"))
    for title, body in _whole_sweep(sweep).items():
        anchor = _stem(title.lower(), stems)
        parts.append(section(title, anchor, *body))
        links.append(element("a", title, href=f"#{anchor}"))
    return page(sweep.title, _header(sweep, links), "\n", element("main", *parts))


def _whole_sweep(sweep: Sweep) -> dict[str, list[Child]]:
    """What is said of all parts together, by title."""
    return {
        "Warnings": _table_or(warning_table(sweep), "None."),
        "Expected and reached": _table_or(expected_table(sweep), "Nothing expected."),
        "Tuning": _choices(sweep),
        "Failed runs and data problems": _table_or(
            provenance.problem_table(sweep), "None."
        ),
        "Where the time went": _table_or(time_table(sweep), "Not recorded."),
        "Provenance": _provenance(sweep),
    }


def _header(sweep: Sweep, links: list[Markup]) -> Markup:
    status = element("p", provenance.status_text(sweep), class_="facts")
    if not provenance.is_complete(sweep):
        partly = f"Partial: {provenance.status_text(sweep)}"
        status = element("p", partly, class_="status")
    return element(
        "header",
        element("h1", sweep.title),
        element("p", CLAIM, class_="claim"),
        status,
        element("nav", *links),
    )


def _choices(sweep: Sweep) -> list[Child]:
    if not sweep.choices:
        return [element("p", "Nothing was tuned, or nothing is decided yet.")]
    summary = element("summary", f"{len(sweep.choices)} choices")
    choices = table_markup(choice_table(sweep), titled=False)
    folded = element("details", summary, choices)
    widths = working_table(sweep)
    return [table_markup(widths), folded] if widths.rows else [folded]


def _provenance(sweep: Sweep) -> list[Child]:
    children: list[Child] = [element("p", f"Made by {sweep.config_file or 'a sweep'}.")]
    for part in sweep.parts:
        runs = [run for run in sweep.replicates if run.part == part]
        tuning = [r for r in sweep.runs if r.part == part and r.stage == "tune"]
        facts = provenance.provenance_facts(part, runs, len(tuning))
        children += [element("h3", part), facts_markup(facts)]
    files = "All numbers: cells.csv (computed) and costs.csv (measured), beside this; "
    files += "the tables as Markdown: tables.md."
    return [*children, element("p", files, class_="note")]


def _table_or(table: Table, empty: str) -> list[Child]:
    return [table_markup(table, titled=False) if table.rows else element("p", empty)]


def _stem(name: str, taken: set[str]) -> str:
    """A name fit for a file and an anchor, not taken yet; takes it."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "part"
    stem, count = plain, 1
    while stem in taken:
        count += 1
        stem = f"{plain}-{count}"
    taken.add(stem)
    return stem
