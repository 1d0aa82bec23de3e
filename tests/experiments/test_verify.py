"""Verify re-checks every hash and says so with its exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from lib import store
from tests.store import fake

ROOT = Path(__file__).resolve().parents[2]


def verify(root, *flags):
    return subprocess.run(
        [sys.executable, "-m", "experiments.verify", f"--store={root}", *flags],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.fixture
def results(tmp_path):
    fake.train(tmp_path)
    entries = [
        {"id": run_id, "config": fake.config_of(seed)}
        for seed, run_id in enumerate(fake.RUNS)
    ]
    store.write_sweep(tmp_path, {"name": "demo", "runs": entries})
    with store.open_group(
        tmp_path, "g", fake.RUNS, "map", 2, codec=fake.CODEC
    ) as group:
        group.save(3, {"h": 1})
    return tmp_path


def folder(results):
    return store.run_folder(results, fake.RUNS[0])


def test_an_unchanged_store_has_no_problems(results):
    done = verify(results)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "5 runs, groups and sweeps checked: no problem(s)\n"
    assert verify(results, "--name=demo").returncode == 0


def test_a_change_in_any_file_of_a_run_is_named(results):
    for path in sorted(p for p in folder(results).rglob("*") if p.is_file()):
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + b"#" + before[middle + 1 :])
        problems = store.verify_run(results, fake.RUNS[0]).problems
        assert problems, path
        assert path.name in problems[0] or path.name == "MANIFEST.json"
        path.write_bytes(before)


def test_a_damaged_checkpoint_is_named(results):
    path = results / "groups" / "g" / "3" / "state.json"
    path.write_text("{}")
    done = verify(results)
    assert done.returncode == 1 and str(path) in done.stdout
    assert "1 problem(s)" in done.stdout


def test_a_sweep_that_states_another_config_is_named(results):
    sweep = store.read_sweep(results, "demo")
    sweep["runs"][0]["config"] = fake.config_of(9)
    store.write_sweep(results, sweep)
    assert f"run {fake.RUNS[0]} has another config" in verify(results).stdout


def test_an_extra_file_is_a_note_and_a_stray_folder_a_problem(results):
    (folder(results) / "notes.txt").write_text("mine")
    done = verify(results)
    assert (
        done.returncode == 0 and "note " in done.stdout and "notes.txt" in done.stdout
    )
    (results / "runs" / "zz" / "stray").mkdir(parents=True)
    done = verify(results)
    assert done.returncode == 1 and "is not a run's folder" in done.stdout


def test_an_unknown_sweep_lists_the_known_ones(results):
    done = verify(results, "--name=x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "(known: demo)" in done.stderr
