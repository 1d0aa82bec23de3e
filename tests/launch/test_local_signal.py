"""The local engine with real processes: signals, resumes, launchers that are gone."""

import json
import os
import signal
import time

import pytest

from tests.launch import command
from tests.launch.command import checkpoints, finish, finished, wait_for

LONG = "--config=tests/launch/tiny.py:long"
GONE_SECONDS = 5.0  # in which the workers of a dead launcher end


def train_until_recorded(start, root, *arguments):
    """A long run, past its first record and far from its end."""
    process = start("sweep", root, LONG, "--workers=1", *arguments)
    wait_for(lambda: any(root.glob("runs/*/*/metrics.jsonl")), process)
    path = next(root.glob("runs/*/*/metrics.jsonl"))
    wait_for(lambda: path.stat().st_size > 0, process)
    return process


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
