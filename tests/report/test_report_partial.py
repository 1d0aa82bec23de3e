"""Reports of sweeps that still run, are damaged, or are not there."""

import json
import re

import pytest
from page_reader import Page, recall
from synthetic_store import write_store

from lib.error import UserError
from lib.report import write_report
from lib.report.collect import collect
from lib.report.compose import report_text


@pytest.mark.parametrize("share", [0.0, 0.03, 0.6])
def test_a_sweep_still_running_has_a_report(tmp_path, share):
    store = write_store(tmp_path, share=share, models=["gru", "lru"])
    page = Page(write_report(store, "horizon"))
    done = re.search(r"Partial: (\d+) of 65 runs done", page.text)
    assert done is not None
    assert int(done[1]) < 60
    assert report_text(collect(store, "horizon"))


def test_runs_that_wait_for_tuning_are_counted(tmp_path):
    store = write_store(tmp_path, share=0.0)
    path = store / "sweeps" / "horizon.json"
    sweep = json.loads(path.read_text())
    sweep["runs"] = [run for run in sweep["runs"] if run["stage"] == "tune"]
    cells = {json.dumps(run["cell"]): run for run in sweep["runs"]}.values()
    sweep["cells"] = [
        {"part": "recall", "labels": run["cell"], "seeds": [0, 1, 2, 3, 4]}
        for run in cells
    ]
    sweep["pending"] = [*range(35)]
    path.write_text(json.dumps(sweep))
    text = Page(write_report(store, "horizon")).text
    assert "Partial: 0 of 175 runs done; 175 pending; tuning: 0 of 70" in text
    assert "cells that wait for tuning to choose: 35" in text


def test_no_horizon_is_claimed_while_shorter_lengths_wait_for_tuning(tmp_path):
    store = write_store(tmp_path, models=["tcn"])
    path = store / "sweeps" / "horizon.json"
    sweep = json.loads(path.read_text())
    short = [run for run in sweep["runs"] if run["cell"].get("length") == 16]
    sweep["runs"] = [run for run in sweep["runs"] if run not in short]
    sweep["cells"] = [{"part": "recall", "labels": short[0]["cell"], "seeds": [0, 1]}]
    sweep["pending"] = [0]
    path.write_text(json.dumps(sweep))
    tcn = recall(store)["tcn"]
    assert tcn.lengths == (16, 32, 64, 128, 256)
    assert tcn.horizons == {}


def test_damaged_files_are_named_and_never_stop_the_report(tmp_path):
    store = write_store(tmp_path, share=0.3, models=["tcn"])
    results = sorted(store.glob("runs/*/*/result.json"))
    results[0].write_text('{"format": 1')
    odd = json.loads(results[1].read_text())
    odd |= {"metrics": [1], "task": "x", "cost": {"parameters": "many"}, "context": 3}
    results[1].write_text(json.dumps(odd))
    (results[2].parent / "metrics.jsonl").write_bytes(b"\xff\x00{\n")
    text = Page(write_report(store, "horizon")).text
    assert "is not valid JSON" in text
    assert "unreadable line" in text


def test_an_unknown_sweep_is_refused_with_the_known_ones(store):
    with pytest.raises(UserError, match="known: horizon"):
        write_report(store, "nope")
    with pytest.raises(UserError):
        write_report(store, "../horizon")


def test_a_link_out_of_the_store_is_not_followed(tmp_path):
    store = write_store(tmp_path / "store", share=0.0)
    (tmp_path / "elsewhere").mkdir()
    (store / "report").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="out of the store"):
        write_report(store, "horizon")
    assert not list((tmp_path / "elsewhere").iterdir())
