"""The local engine with real processes: a sweep whole, killed, two at once."""

import json

import pytest

from lib import store
from lib.report.collect import collect
from lib.report.export import cells_csv
from tests.launch import command
from tests.launch.command import checkpoints, content, finish, finished, wait_for

TINY = "--config=tests/launch/tiny.py"
NUM_RUNS = 16


@pytest.fixture(scope="module")
def whole(environment, tmp_path_factory):
    """A sweep that nothing interrupted; the sockets it listened on meanwhile."""
    root = tmp_path_factory.mktemp("whole")
    process = command.start(
        environment, "sweep", f"--store={root}", TINY, "--workers=2"
    )
    listening = []

    def is_half_done():
        pids = [process.pid, *command.children_of(process)]
        listening.extend(command.listening_sockets(pids))
        return len(finished(root)) >= NUM_RUNS // 2

    wait_for(is_half_done, process)
    finish(process)
    return root, listening


def cells(root):
    sweep = collect(root, "tiny")
    return cells_csv(sweep.runs, sweep.choices)


def test_a_sweep_does_all_its_runs(whole):
    root, _ = whole
    sweep = store.read_sweep(root, "tiny")
    assert len(finished(root)) == len(sweep["runs"]) == NUM_RUNS
    assert not sweep["pending"] and len(sweep["choices"]) == 4
    assert not checkpoints(root)


def test_no_process_of_a_sweep_listens_on_a_socket(whole):
    _, listening = whole
    assert listening == []


def test_a_finished_sweep_typed_again_does_nothing(whole, start):
    root, _ = whole
    before = {path: path.stat().st_mtime_ns for path in root.glob("[rg]*/*/*/*")}
    output = finish(start("sweep", root, TINY, "--workers=2"))
    assert f"{NUM_RUNS}/{NUM_RUNS} runs done in 0:00" in output
    after = {path: path.stat().st_mtime_ns for path in root.glob("[rg]*/*/*/*")}
    assert before and after == before


def test_the_serial_engine_gives_the_same_bits(whole, start, tmp_path):
    finish(start("sweep", tmp_path, TINY, "--engine=serial"))
    assert content(tmp_path, "tiny") == content(whole[0], "tiny")


def test_a_sweep_killed_half_way_ends_with_the_same_cells(whole, start, tmp_path):
    killed = start("sweep", tmp_path, TINY, "--workers=2")
    wait_for(lambda: len(finished(tmp_path)) >= 5, killed)
    command.kill_all(killed)
    killed.wait()
    done = finished(tmp_path)
    assert 0 < len(done) < NUM_RUNS
    finish(start("sweep", tmp_path, TINY, "--workers=2"))
    after = finished(tmp_path)
    assert len(after) == NUM_RUNS
    assert {folder: after[folder] for folder in done} == done
    assert content(tmp_path, "tiny") == content(whole[0], "tiny")
    assert cells(tmp_path) == cells(whole[0])


def test_two_launchers_share_a_store(whole, start, tmp_path):
    launchers = [start("sweep", tmp_path, TINY, "--workers=1") for _ in range(2)]
    for process in launchers:
        finish(process)
    for path in tmp_path.glob("runs/*/*/metrics.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        seen = [(row["step"], row["split"]) for row in rows]
        assert len(set(seen)) == len(seen), "a run was trained twice"
    assert content(tmp_path, "tiny") == content(whole[0], "tiny")
