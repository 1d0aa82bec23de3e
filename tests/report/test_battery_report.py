"""The page of a battery: aggregates and verdicts computed by hand, tables, figures."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from battery_store import LENGTHS, write_battery
from page_reader import ALLOWED, Page
from scipy.stats import trim_mean

from lib.report import write_report
from lib.report.battery import battery
from lib.report.battery_comparison import comparison_table, task_comparison_table
from lib.report.battery_table import aggregate_table, area_table, horizon_table
from lib.report.collect import collect

MODELS, TASKS = ("gru", "lru", "mamba"), ("copy_memory", "mqar", "parity")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    store = write_battery(tmp_path_factory.mktemp("battery"), MODELS, TASKS)
    write_report(store, "battery")
    return store


@pytest.fixture(scope="module")
def sweep(written):
    return collect(written, "battery")


def areas(sweep, task, model):
    """Trapezoids by numpy over the raw accuracies; a diverged run is at the floor."""
    curves = []
    for seed in sorted({run.seed for run in sweep.runs}):
        own = {
            run.place: run.result["metrics"].get("test", {})
            for run in sweep.runs
            if (run.part, run.label.split(",")[0], run.seed) == (task, model, seed)
        }
        measured = [list(own[place].values()) for place in LENGTHS]
        values = [m[0]["accuracy"] if m else 0.125 for m in measured]
        curves.append(np.clip((np.array(values) - 0.125) / 0.875, 0, 1))
    return np.trapezoid(curves, np.log2(LENGTHS), axis=1) / 3


def test_scores_by_task_and_over_all_are_those_of_numpy(sweep):
    together = battery(sweep)
    order = {row[0].text: row for row in area_table(together).rows}
    for model in MODELS:
        found = [areas(sweep, task, model) for task in TASKS]
        shown = [cell.text for cell in order[model][1:]]
        assert shown == [f"{values.mean():.3f}" for values in found]
        iqm = trim_mean(np.concatenate(found), 0.25)
        row = next(r for r in aggregate_table(together).rows if r[0].text == model)
        assert row[1].text == f"{iqm:.3f}"
        low, high = map(float, re.findall(r"[\d.]+", row[1].detail))
        assert low < iqm < high


def test_models_stand_from_the_best_down_and_tasks_by_ability(sweep):
    together = battery(sweep)
    scores = [float(row[1].text) for row in aggregate_table(together).rows]
    assert scores == sorted(scores, reverse=True)
    assert together.abilities == ("distance", "binding", "state tracking")
    columns = aggregate_table(together).columns
    assert columns[1:5] == (
        "all tasks (3)", "distance (1)", "binding (1)", "state tracking (1)"
    )  # fmt: skip
    assert "parity (tokens)" in horizon_table(together).columns


def test_a_task_harder_by_load_has_its_horizon_in_load(sweep, written):
    together = battery(sweep)
    assert "mqar (pairs)" in horizon_table(together).columns
    runs = [run for run in sweep.runs if run.part == "mqar"]
    assert {run.length for run in runs} == {64}
    assert {run.place for run in runs} == set(LENGTHS)
    assert {run.label for run in runs} == set(MODELS)
    page = Page(written / "report" / "battery" / "index.html")
    assert "horizon (pairs)" in page.text and "pairs 32" in page.text
    cells = (written / "report" / "battery" / "cells.csv").read_text()
    assert '"mamba, num_pairs 32",64' in cells


def test_every_pair_of_models_has_one_verdict(sweep):
    together = battery(sweep)
    table = comparison_table(together)
    pairs = [f"{a} against {b}" for a, b in combinations(together.labels, 2)]
    assert [row[0].text for row in table.rows] == pairs
    for row, (first, second) in zip(
        table.rows, combinations(together.labels, 2), strict=True
    ):
        difference = np.mean(
            [areas(sweep, t, first) - areas(sweep, t, second) for t in TASKS]
        )
        assert row[1].text == f"{difference:+.3f}".replace("-", "−")
        assert row[4].text in ("better", "cannot tell")
        assert row[5].text == "15 in 3 tasks"


def test_five_seeds_of_one_task_never_decide_and_the_table_says_so(sweep):
    table = task_comparison_table(battery(sweep))
    said = {cell.detail for row in table.rows for cell in row[1:]}
    assert said == {"cannot tell"}
    # 9 comparisons: 9 * 2^(1-n) <= 0.05 from n = 9 on; five reach 9/16.
    assert "p = 0.562. 9 seeds could." in table.note


def test_few_seeds_get_no_interval_and_no_verdict(tmp_path):
    store = write_battery(tmp_path, ("lru", "gru"), TASKS[:2], seeds=range(3))
    together = battery(collect(store, "battery"))
    (row,) = comparison_table(together).rows
    assert (row[1].detail, row[2].detail, row[4].text) == ("", "", "cannot tell")
    assert all(cell.detail == "" for cell in aggregate_table(together).rows[0])


def test_a_battery_needs_two_tasks_and_a_setting_makes_a_task_of_its_own(tmp_path):
    one = write_battery(tmp_path / "one", ("lru", "gru"), TASKS[:1], seeds=range(2))
    assert battery(collect(one, "battery")) is None
    sweep = collect(one, "battery")
    runs = [
        replace(run, cell={**run.cell, "pairs": pairs})
        for pairs in (4, 8)
        for run in sweep.runs
    ]
    both = battery(replace(sweep, runs=tuple(runs)))
    assert [t.name for t in both.tasks] == [
        "copy_memory, pairs 4",
        "copy_memory, pairs 8",
    ]
    assert set(both.labels) == {"lru", "gru"}


def test_parts_without_an_ability_are_conditions_and_not_pooled(sweep):
    runs = [replace(run, part=run.part.split(": ")[-1]) for run in sweep.runs]
    bare = replace(sweep, runs=tuple(runs), abilities={})
    assert battery(bare) is None
    named = {run.part: "distance" for run in runs}
    assert len(battery(replace(bare, abilities=named)).tasks) == len(TASKS)


def test_page_shows_the_battery_and_stays_a_page(written):
    folder = written / "report" / "battery"
    page = Page(folder / "index.html")
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert "1 of 20 scores are of runs that diverged" in page.text
    for text in ("of 3 pairs of models differ", "Which models differ", "cannot tell"):
        assert text in page.text
    for kind in ("summary", "tasks", "cost"):
        svg = (folder / "figures" / f"all-tasks-{kind}.svg").read_text()
        assert ">mamba</text>" in svg and "<dc:date>" not in svg
    assert (
        ">state tracking</text>"
        in (folder / "figures" / "all-tasks-summary.svg").read_text()
    )


def test_tables_stand_beside_the_page_as_markdown(written):
    lines = (written / "report" / "battery" / "tables.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    heads = [i for i, line in enumerate(lines) if line.startswith("| :--")]
    assert len(heads) >= 6 + 2 * len(TASKS)  # the battery's, and two of each part
    for i in heads:
        assert lines[i - 1].count("|") == lines[i].count("|") == lines[i + 1].count("|")
    assert any("| lru against" in row or "against lru |" in row for row in rows)
    assert "## parity" in lines and "### Warnings" in lines


def test_a_part_names_its_ability_before_a_colon(sweep):
    named = {"copy_memory": "distance: copy", "mqar": "binding: mqar"}
    runs = [replace(r, part=named[r.part]) for r in sweep.runs if r.part in named]
    together = battery(replace(sweep, runs=tuple(runs), abilities={}))
    assert [(t.ability, t.name) for t in together.tasks] == [
        ("distance", "copy"),
        ("binding", "mqar"),
    ]
