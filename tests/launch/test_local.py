"""The local engine with real processes: kills, signals, resumes, two at once."""

import json
import os
import signal
import time

import pytest

from lib import store
from tests.launch import command
from tests.launch.command import checkpoints, content, finish, finished, wait_for

TINY = "--config=tests/launch/tiny.py"
LONG = TINY + ":long"
NUM_RUNS = 16
GONE_SECONDS = 5.0  # in which the workers of a dead launcher end


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A compilation cache of these tests' own; the first of them fills it."""
    return {**os.environ, "HORIZON_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture
def start(environment):
    """Starts programs, and ends what is left of them."""
    started = []

    def start(program, root, *arguments):
        process = command.start(environment, program, f"--store={root}", *arguments)
        started.append(process)
        return process

    yield start
    for process in started:
        command.kill_all(process)
        process.communicate()


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


def train_until_recorded(start, root, *arguments):
    """A long run, past its first record and far from its end."""
    process = start("sweep", root, LONG, "--workers=1", *arguments)
    wait_for(lambda: any(root.glob("runs/*/*/metrics.jsonl")), process)
    path = next(root.glob("runs/*/*/metrics.jsonl"))
    wait_for(lambda: path.stat().st_size > 0, process)
    return process


def cells(start, root):
    finish(start("report", root))
    return (root / "report" / "tiny" / "cells.csv").read_bytes()


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
    assert cells(start, tmp_path) == cells(start, whole[0])


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)]
)
def test_a_signal_saves_what_there_is(start, tmp_path, number, code):
    process = train_until_recorded(start, tmp_path)
    process.send_signal(number)
    assert "the same command goes on from here" in finish(process, code)
    assert checkpoints(tmp_path) and not finished(tmp_path)


def test_a_stopped_run_goes_on_from_where_it_was(start, tmp_path):
    process = train_until_recorded(start, tmp_path)
    process.terminate()
    finish(process, 75)
    saved = max(int(path.parent.name) for path in checkpoints(tmp_path))
    assert "1/1 runs done" in finish(start("sweep", tmp_path, LONG, "--workers=1"))
    (path,) = tmp_path.glob("runs/*/*/metrics.jsonl")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    resumed = [e["step"] for e in events if e.get("event") == "resume"]
    assert resumed == [saved] and saved > 0


def test_workers_end_soon_after_their_launcher_is_killed(start, tmp_path):
    rarely = "--config.train.eval_every=10000"
    process = train_until_recorded(start, tmp_path, rarely)
    time.sleep(0.2)  # into a chunk of steps, after which there is no one to tell
    workers = command.children_of(process)
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(command.is_alive, workers)), seconds=GONE_SECONDS)
    assert workers and checkpoints(tmp_path)
    (failure,) = tmp_path.glob("runs/*/*/failure.json")
    assert json.loads(failure.read_text())["state"] == "preempted", (
        "no fault of its own"
    )


def test_two_launchers_share_a_store(whole, start, tmp_path):
    launchers = [start("sweep", tmp_path, TINY, "--workers=1") for _ in range(2)]
    for process in launchers:
        finish(process)
    for path in tmp_path.glob("runs/*/*/metrics.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        seen = [(row["step"], row["split"]) for row in rows]
        assert len(set(seen)) == len(seen), "a run was trained twice"
    assert content(tmp_path, "tiny") == content(whole[0], "tiny")
