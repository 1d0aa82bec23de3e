"""Status answers from files alone: at once, read-only, and whatever the files say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib import store
from lib.store import document
from tests.store import fake

ROOT = Path(__file__).resolve().parents[2]


def status(root, *flags):
    return subprocess.run(
        [sys.executable, "-m", "experiments.status", f"--store={root}", *flags],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def entry(number: int, **more):
    config = {"seed": number, "train": {"num_steps": 40}}
    run_id = f"{number:016x}"
    cell = {"model": "rnn", "length": 16}
    return {"id": run_id, "part": "recall", "cell": cell, "config": config, **more}


def write_rows(root, run_id, num_rows=4, **numbers):
    rows = [
        {"attempt": 1, "step": 10 * s, "split": "train", "loss": 0.25, **numbers}
        for s in range(num_rows)
    ]
    store.append_metrics(root, run_id, rows)


@pytest.fixture
def results(tmp_path):
    """A sweep with a run in each of several states."""
    entries = [entry(number) for number in range(8)]
    ids = [e["id"] for e in entries]
    for run_id in ids[:6]:
        store.write_config(
            tmp_path, run_id, entries[ids.index(run_id)]["config"], {}, ""
        )
        write_rows(tmp_path, run_id)
    store.write_result(tmp_path, ids[0], {"state": "done", "step": 40})
    store.write_result(tmp_path, ids[1], {"state": "diverged", "step": 17})
    for run_id in ids[2:4]:
        reason = "RESOURCE_EXHAUSTED: \x1b[31mattention\u202e\r\n 2 GiB"
        store.write_failure(tmp_path, run_id, "failed", reason)
    (store.run_folder(tmp_path, ids[4]) / "config.json").write_bytes(b"")
    sweep = {"name": "demo", "title": "A demo", "runs": entries, "pending": [1, 2]}
    store.write_sweep(tmp_path, sweep)
    return tmp_path


def test_states_reasons_and_progress_are_shown(results):
    done = status(results, "--name=demo")
    assert (done.returncode, done.stderr) == (0, "")
    first, *lines = done.stdout.splitlines()
    assert first == (
        "demo: 8 runs: 2 pending, 1 done, 2 failed, 1 diverged, 1 lost, 1 corrupt"
    )
    assert "  2 cells wait for tuning to decide" in lines
    assert "  2 failed: RESOURCE_EXHAUSTED: [31mattention 2 GiB" in lines
    failed = next(line for line in lines if line.startswith(f"  {2:016x}"))
    assert "step 30/40" in failed and "recall model=rnn length=16" in failed
    assert "train loss 0.25" in failed and " s ago" in failed


def test_control_characters_never_reach_the_terminal(results):
    shown = status(results).stdout
    assert all(c == "\n" or c.isprintable() for c in shown)


def test_json_has_every_run(results):
    document_ = json.loads(status(results, "--json").stdout)
    sweep = document_["sweeps"][0]
    assert [run["state"] for run in sweep["runs"]].count("failed") == 2
    assert sweep["runs"][2]["failures"] == 1 and sweep["runs"][2]["attempts"] == 1
    assert sweep["errors"][0]["runs"] == 2


def test_an_unknown_sweep_lists_the_known_ones(results):
    done = status(results, "--name=dmeo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"no sweep 'dmeo' in {results} (known: demo)\n"


def test_a_store_that_does_not_exist_is_named(tmp_path):
    done = status(tmp_path / "absent")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert not (tmp_path / "absent").exists()


def test_a_newer_store_is_refused(results):
    path = store.run_folder(results, f"{7:016x}") / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"format": 9}')
    done = status(results)
    assert done.returncode == 3 and "newer version" in done.stderr


def test_nothing_is_written_and_a_running_run_is_seen(results):
    members = [f"{6:016x}", f"{7:016x}"]
    with store.open_group(results, "g", members, "map", 2, codec=fake.CODEC):
        before = _files(results)
        assert "2 running" in status(results).stdout
        assert _files(results) == before


def test_a_thousand_runs_take_under_two_seconds(tmp_path):
    entries = [entry(number) for number in range(1000)]
    rows = b"".join(
        document.dumps({"attempt": 1, "step": s, "split": "train", "loss": 0.1}) + b"\n"
        for s in range(40)
    )
    for e in entries:  # written without syncing, which the reader does not see
        folder = store.run_folder(tmp_path, e["id"])
        folder.mkdir(parents=True)
        about = {"format": 1, "id": e["id"], "owner": e["id"], "config": e["config"]}
        result = {**about, "state": "done", "step": 40, "files": []}
        for name in ("config.json", "result.json", "MANIFEST.json"):
            (folder / name).write_bytes(document.dumps(result))
        (folder / "metrics.jsonl").write_bytes(rows)
    store.write_sweep(tmp_path, {"name": "many", "runs": entries})
    began = os.times().children_user
    done = status(tmp_path)
    seconds = os.times().children_user - began
    assert done.stdout == "many: 1000 runs: 1000 done\n"
    # 0.8 s on a quiet core when this was written
    assert seconds < 2.0, f"{seconds:.2f} s of processor time"


def _files(root: Path) -> dict[str, bytes]:
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in paths}
