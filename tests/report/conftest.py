"""Stores with a report each, drawn once for all tests."""

import pytest
from page_reader import Page
from synthetic_store import write_store

from lib.report import write_report


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    store = write_store(tmp_path_factory.mktemp("store"))
    write_report(store, "horizon")
    return store


@pytest.fixture(scope="session")
def page(store):
    return Page(store / "report" / "horizon" / "index.html")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("small"), share=0.3, models=["tcn"])
