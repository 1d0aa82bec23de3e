"""The tables of docs/ are those of the registry, and are written in their places."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from lib.docs_table import PAGES, fill, quote, stale_pages
from lib.docstring import scored, source, state_update, title
from lib.error import UserError
from lib.registry import ABILITIES, FAMILIES

ROOT = Path(__file__).resolve().parents[1]
PAGE = "Before.\n\n<!-- table: a -->\nold\n<!-- end of table -->\n\nAfter.\n"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_up_to_date(page):
    assert not stale_pages(ROOT, (page,)), "run python -m experiments.tables"


def test_a_table_is_written_between_its_markers():
    filled = fill("page", PAGE, {"a": lambda: ["| new |", "|---|"]})
    assert filled == PAGE.replace("old", "| new |\n|---|")
    assert fill("page", filled, {"a": lambda: ["| new |", "|---|"]}) == filled


@pytest.mark.parametrize("tables", [{}, {"a": list, "b": list}, {"b": list}])
def test_a_table_without_a_place_and_a_place_without_a_table_are_refused(tables):
    with pytest.raises(UserError, match="page: must have one place for each"):
        fill("page", PAGE, tables)


REPORT = """# Sweep

## All tasks

### Scores

| old |

## a part

### Scores

| model | score |
| :-- | --: |
| gru | 1.000 |

What a score is.

## another

### Costs

## last

### Scores

| lru |
"""


def test_a_table_of_a_report_is_quoted_by_its_headings(tmp_path):
    report = tmp_path / "report.md"
    report.write_text(REPORT)
    assert quote(report, "a part", "Scores") == REPORT.splitlines()[12:15]
    for part in ("none", "another"):
        with pytest.raises(UserError, match=f"has no table 'Scores' under '{part}'"):
            quote(report, part, "Scores")


def factory_of(text, monkeypatch):
    """A factory whose file begins with `text`."""
    module, factory = ModuleType("made_up"), lambda: None
    module.__doc__, factory.__module__ = text, module.__name__
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return factory


TEXT = """Unit of units: A paper with a title (U; Ab, Cd & Ef 2021, arXiv:2101.01234,
section 2; and another 1999).

    g_t = sigmoid(U x_t)          a gate
    h_t = g_t * h_{t-1} + x_t,    h complex
    y_t = V h_t

Scored: the last position, T - 1. Chance is 1/K.
"""


def test_every_file_says_what_its_table_shows():
    models = [make for family in FAMILIES.values() for make in family.values()]
    tasks = [make for tasks in ABILITIES.values() for make in tasks.values()]
    lacking = [m.__module__ for m in models if not (source(m) and state_update(m))]
    lacking += [t.__module__ for t in tasks if not (title(t) and scored(t))]
    assert not lacking


def test_docstrings_are_read_as_they_are_written(monkeypatch):
    factory = factory_of(TEXT, monkeypatch)
    assert title(factory) == "Unit of units: A paper with a title"
    assert source(factory) == "[Ab, Cd & Ef 2021](https://arxiv.org/abs/2101.01234)"
    assert state_update(factory) == "h_t = g_t * h_{t-1} + x_t"
    assert scored(factory) == "the last position, T - 1"


def test_an_equation_goes_on_until_its_brackets_close(monkeypatch):
    text = "Net.\n\n    h_t = h_{t-1} + (U x_t\n          + b)       a step\n"
    factory = factory_of(text, monkeypatch)
    assert state_update(factory) == "h_t = h_{t-1} + (U x_t + b)"


def test_without_a_recurrence_the_sum_is_shown(monkeypatch):
    text = "Mean.\n\n    a_t = U x_t\n    m_t = sum_j w_j a_j\n    y_t = V m_t\n"
    factory = factory_of(text, monkeypatch)
    assert state_update(factory) == "m_t = sum_j w_j a_j"
    assert source(factory) == "" and scored(factory) == ""
