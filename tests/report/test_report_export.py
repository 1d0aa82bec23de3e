"""The files of a report: the same bytes each time, every run, nothing to execute."""

import csv
import json
import shutil

import pytest
from synthetic_store import plan, write_store

from lib.report import write_report
from lib.report.collect import collect
from lib.report.export import cells_csv, guarded


def rows(store, name):
    with open(store / "report" / "horizon" / name, newline="") as file:
        return list(csv.DictReader(file))


def test_two_reports_of_one_folder_are_the_same_bytes(tmp_path):
    one = write_store(tmp_path / "one", models=["rnn"])
    other = shutil.copytree(one, tmp_path / "other")
    folder = write_report(one, "horizon").parent
    twin = write_report(other, "horizon").parent
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*.*"))]
    assert len(names) == 22  # a page, three tables, six figures in three files
    for name in names:
        assert (folder / name).read_bytes() == (twin / name).read_bytes(), name


def test_cells_hold_every_run_and_nothing_measured(store):
    cells = rows(store, "cells.csv")
    runs = {row["run"] for row in cells if row["split"] != "tuning"}
    assert runs == {run["id"] for run in plan()["runs"]}
    assert not {"train_seconds", "device", "commit"} & set(cells[0])
    context = [row for row in cells if row["context"] == "512"]
    assert len(context) == 15
    scored = [r for r in cells if r["split"] == "test" and r["metric"] == "accuracy"]
    assert {row["num_targets"] for row in scored} == {"1024", "23000"}
    assert all(float(row["value"]) >= 0 for row in scored)
    assert [r["state"] for r in cells if not r["metric"]].count("failed") == 1


def test_cells_hold_the_rates_between_which_each_cell_works(store):
    found = {
        (row["model"], row["train_length"], row["metric"]): float(row["value"])
        for row in rows(store, "cells.csv")
        if row["split"] == "tuning"
    }
    # 0.4 is under 0.9 of 0.9 at 0.01, 0.55 under 0.9 of 0.98 at 0.003.
    name = "learning_rate_working"
    for length, rate in (("64", 0.01), ("128", 0.003)):
        assert found["rnn", length, f"{name}_low"] == rate
        assert found["rnn", length, f"{name}_high"] == rate
        assert found["rnn", length, f"{name}_decades"] == 0


def test_cells_do_not_depend_on_the_order_of_runs_and_choices(store, tmp_path):
    before = collect(store, "horizon")
    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    path = copy / "sweeps" / "horizon.json"
    sweep = json.loads(path.read_text())
    sweep["choices"].reverse()
    sweep["runs"].sort(key=lambda run: run["stage"], reverse=True)
    path.write_text(json.dumps(sweep))
    after = collect(copy, "horizon")
    again = cells_csv(after.runs, after.choices)
    assert again == cells_csv(before.runs, before.choices)
    assert after.choices == before.choices


def test_costs_hold_seconds_memory_and_device(store):
    costs = rows(store, "costs.csv")
    done = next(row for row in costs if row["state"] == "done")
    assert float(done["train_seconds"]) > 0
    assert float(done["steps_per_second"]) == pytest.approx(
        float(done["step"]) / float(done["train_seconds"])
    )
    assert (done["device"], done["peak_memory_bytes"]) == ("cpu cpu", "412000000")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("\t=1", "'=1"),
        ("a\r\nb\x1b[31mc", "a  b [31mc"),
        ("lstm, chrono", "lstm, chrono"),
    ],
)
def test_csv_texts_are_no_formulas_and_hold_no_control_characters(text, written):
    assert guarded(text) == written
