"""Where a sweep's time went, from what its groups wrote down."""

import pytest

from lib import store
from lib.report.collect import collect, sweep_seconds
from lib.report.time_table import time_table, time_text

PLAN = {
    "name": "two",
    "runs": [],
    "cells": [{"part": "recall"}, {"part": "text"}],
    "groups": [
        {"id": "1" * 16, "cell_index": 0},
        {"id": "2" * 16, "cell_index": 1},
        {"id": "3" * 16, "cell_index": 0},
    ],
}


@pytest.fixture
def root(tmp_path):
    for entry in PLAN["groups"]:
        (tmp_path / "groups" / entry["id"]).mkdir(parents=True)
    store.append_seconds(tmp_path, "1" * 16, 1, {"import": 1, "train": 6, "compile": 2})
    store.append_seconds(tmp_path, "2" * 16, 1, {"train": 9, "write": 1})
    store.append_seconds(tmp_path, "3" * 16, 1, {"train": 1})
    store.write_sweep(tmp_path, PLAN)
    return tmp_path


def test_each_part_has_a_row_and_all_have_one(root):
    lines = time_table(collect(root, "two")).lines()
    rows = {line.split()[0]: " ".join(line.split()) for line in lines[3:]}
    assert rows["recall"].startswith("recall 1.00 10% 0.00 0% 2.00 20% 7.00 70%")
    assert rows["text"].endswith("9.00 90% 0.00 0% 1.00 10% 0.00 0% 10.0")
    assert rows["all"].endswith("16.0 80% 0.00 0% 1.00 5% 0.00 0% 20.0")


def test_one_line_gives_the_shares(root):
    text = time_text(sweep_seconds(root, PLAN))
    assert text == "20.0 worker seconds: import 5%, compile 10%, train 80%, write 5%"


@pytest.mark.parametrize(
    "groups",
    [
        None,
        [None, 3, {}, {"id": "../up", "cell_index": 0}],
        [{"id": "4" * 16, "cell_index": "x"}, {"id": 5, "cell_index": 99}],
    ],
)
def test_a_store_that_says_nothing_still_reports(tmp_path, groups):
    store.write_sweep(tmp_path, {**PLAN, "groups": groups})
    sweep = collect(tmp_path, "two")
    assert sweep.seconds == {} and not time_table(sweep).rows
    assert time_text(sweep.seconds) == ""
