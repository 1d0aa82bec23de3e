"""Programs as processes for tests: started, watched, killed, and what they left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax

from lib import store

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 120.0  # seconds: far more than is needed, even on a busy machine


def start(environment, program, *arguments):
    """Start a program of `experiments`; output and errors come by one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", f"experiments.{program}", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process, code=0):
    """Wait for a program's end; what it printed, if it ended with this code."""
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == code, output
    return output


def wait_for(condition, process=None, seconds=TIMEOUT):
    """Poll for what must come true, while a process runs if one is given."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        assert process is None or process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def children_of(process):
    """The ids of a process's children: a launcher's workers."""
    try:
        tasks = list(Path(f"/proc/{process.pid}/task").iterdir())
        return [int(i) for t in tasks for i in (t / "children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def kill_all(process):
    """SIGKILL to a launcher and its workers in one moment, as at a power cut."""
    for pid in [process.pid, *children_of(process)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def listening_sockets(pids):
    """The sockets that processes listen on: TCP on any address, and named Unix ones."""
    inodes = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                inodes.add(os.readlink(entry).removeprefix("socket:[").rstrip("]"))
            except OSError:
                continue
    found = []
    for name in ("tcp", "tcp6"):
        rows = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        found += [r for r in rows if r.split()[3] == "0A" and r.split()[9] in inodes]
    rows = Path("/proc/net/unix").read_text().splitlines()[1:]
    accepting = "00010000"
    return found + [
        r for r in rows if r.split()[3] == accepting and r.split()[6] in inodes
    ]


def finished(root):
    """When each run was finished, by its folder."""
    paths = sorted(root.glob("runs/*/*/MANIFEST.json"))
    return {path.parent: path.stat().st_mtime_ns for path in paths}


def checkpoints(root):
    return list(root.glob("groups/*/[0-9]*/MANIFEST.json"))


def content(root, name):
    """All of a store that must repeat: the plan, rows, results and parameter bits."""
    found = {"sweep": store.read_sweep(root, name)}
    for run_id in {run["id"] for run in found["sweep"]["runs"]}:
        record = store.read_run(root, run_id)
        rows = [{k: v for k, v in r.items() if k != "attempt"} for r in record.metrics]
        result = {k: v for k, v in (record.result or {}).items() if k != "measured"}
        params = jax.tree.leaves(store.read_params(root, run_id))
        bits = [leaf.tobytes() for leaf in params]
        found[run_id] = record.state, record.config, rows, result, bits
    return found
