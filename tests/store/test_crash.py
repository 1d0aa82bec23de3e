"""Killed or failed at any write, the same command finishes with the same bits."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lib import store
from tests.store import fake

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-W", "error", "-m", "tests.store.fake"]


def _fake(*arguments) -> dict:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("action", ["kill", "enospc", "eio"])
def test_stopped_at_any_write_the_same_command_ends_the_same(tmp_path, action):
    found = _fake("crash", tmp_path, action)
    assert len(found["passages"]) >= 12, found["passages"]
    assert found["wrong"] == []


def test_each_run_is_trained_by_one_of_three_launchers(tmp_path):
    found = _fake("race", tmp_path)
    assert found["codes"] == [0, 0, 0]
    assert found["states"] == ["done"]
    assert [*found["counts"].values()] == [1] * found["runs"]


@pytest.fixture
def holder(tmp_path):
    child = subprocess.Popen(
        [*COMMAND, "hold", str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


def test_a_held_group_names_its_holder_and_its_runs_are_running(tmp_path, holder):
    with pytest.raises(store.Held) as caught:
        with store.open_group(tmp_path, fake.GROUP, fake.RUNS, "map", 2):
            pass
    assert (caught.value.host, caught.value.pid) == (os.uname().nodename, holder.pid)
    assert caught.value.exit_code == 3
    assert store.read_run(tmp_path, fake.RUNS[0]).state == "running"


def test_a_run_of_a_held_group_cannot_be_trained_by_another_group(tmp_path, holder):
    with pytest.raises(store.Held) as caught:
        with store.open_group(tmp_path, "other", fake.RUNS[:1], "map", 1):
            pass
    assert caught.value.pid == holder.pid


def test_a_suspended_holder_keeps_its_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGSTOP)
    with pytest.raises(store.Held):
        with store.open_group(tmp_path, fake.GROUP, fake.RUNS, "map", 2):
            pass
    os.kill(holder.pid, signal.SIGCONT)


def test_a_killed_holder_leaves_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert store.read_run(tmp_path, fake.RUNS[0]).state == "lost"
    fake.train(tmp_path)
    assert store.read_run(tmp_path, fake.RUNS[0]).state == "done"


def test_a_started_program_does_not_inherit_the_lock(tmp_path):
    with store.open_group(tmp_path, "g", fake.RUNS, "map", 2, codec=fake.CODEC):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with store.open_group(tmp_path, "g", fake.RUNS, "map", 2, codec=fake.CODEC):
        pass
    child.kill()
    child.wait()


def test_a_child_that_hangs_at_a_point_can_be_killed(tmp_path):
    environment = {**os.environ, "HORIZON_FAULT": "write.rename:1:hang"}
    child = subprocess.Popen(
        [*COMMAND, "hold", str(tmp_path)], cwd=ROOT, env=environment
    )
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.5)
    child.kill()
    child.wait()
    fake.train(tmp_path)
    assert store.read_run(tmp_path, fake.RUNS[1]).state == "done"
