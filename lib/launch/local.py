"""The local engine: one worker process a core, one thread each, groups by pipe.

Workers start at once, so that they import while the launcher still validates. They
share a compilation cache; a group passes through here as its configs. No sockets are
opened.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from lib.launch.process import entry_runs, thread_environment

if TYPE_CHECKING:  # it imports JAX, which workers are to start before
    from lib.launch.queue import Queue

_SOURCE = Path(__file__).resolve().parents[2]


class Worker(NamedTuple):
    """A worker process and what it is doing."""

    number: int
    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    events: IO[bytes]
    doing: list[str]  # at most one group id
    program: list[str]  # the program of the last group, compiled in this process
    unread: bytearray  # the start of a line whose end has not come yet


def start_workers(num_workers: int, root: Path) -> list[Worker]:
    """Start workers pinned to a core each; what they print goes to the store's logs."""
    return [_start_worker(number, root) for number in range(num_workers)]


def end_workers(workers: list[Worker]) -> None:
    """Kill the workers that still run: they are idle, or about to save nothing new."""
    for worker in workers:
        worker.process.kill()
    for worker in workers:
        worker.process.wait()
        worker.requests.close()
        worker.events.close()


def run_local(
    workers: list[Worker],
    root: Path,
    queue: "Queue",
    emit: Callable[[dict[str, Any]], None],
    stop: Callable[[], int],
) -> None:
    """Feed the workers until the queue is empty; `stop()` counts the signals so far.

    The first signal lets each worker save what it has, the second kills them.
    """
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.events, selectors.EVENT_READ, worker)
        told = 0
        while selector.get_map() and not queue.is_finished():
            if stop() > told:
                told = stop()
                for key in list(selector.get_map().values()):
                    process = key.data.process
                    process.kill() if told > 1 else process.terminate()
            for key, _ in selector.select(timeout=0.2):
                worker = key.data
                if data := os.read(key.fd, 65536):
                    _take(worker, data, queue, emit)
                    continue
                selector.unregister(worker.events)
                fresh = _end(worker, bool(told), root, queue, emit)
                if fresh is not None:
                    workers[worker.number] = fresh
                    selector.register(fresh.events, selectors.EVENT_READ, fresh)
            if not told:
                _feed([key.data for key in selector.get_map().values()], queue, emit)


def _start_worker(number: int, root: Path) -> Worker:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    core = cores[number % len(cores)] if cores else -1
    path = os.pathsep.join([str(_SOURCE), os.environ.get("PYTHONPATH", "")])
    words = [str(root), str(number), str(core)]
    process = subprocess.Popen(
        [sys.executable, "-m", "lib.launch.worker", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **thread_environment(1), "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C reaches the launcher alone
    )
    assert process.stdin is not None and process.stdout is not None, "both are pipes"
    return Worker(number, process, process.stdin, process.stdout, [], [], bytearray())


def _take(worker: Worker, data: bytes, queue: "Queue", emit: Any) -> None:
    worker.unread.extend(data)
    *lines, rest = bytes(worker.unread).split(b"\n")
    worker.unread[:] = rest
    for line in lines:
        event = json.loads(line)
        if "outcome" in event:
            _finish(worker, event["outcome"], event["reason"], queue, emit)
        else:
            emit(event)


def _end(
    worker: Worker, told: bool, root: Path, queue: "Queue", emit: Any
) -> Worker | None:
    """A worker has ended; if it was at work and not told to stop, start another."""
    code = worker.process.wait()
    if not worker.doing:
        return None
    outcome = "preempted" if told else "lost"
    reason = f"worker {worker.number} ended with code {code}"
    _finish(worker, outcome, reason, queue, emit)
    return None if told else _start_worker(worker.number, root)


def _finish(
    worker: Worker, outcome: str, reason: str, queue: "Queue", emit: Any
) -> None:
    group = worker.doing.pop()
    queue.finish(group, outcome)
    emit({"group": group, "outcome": outcome, "reason": reason})


def _feed(workers: list[Worker], queue: "Queue", emit: Any) -> None:
    for worker in workers:
        if worker.doing:
            continue
        entry = queue.take(*worker.program)
        if entry is None:
            continue
        worker.doing.append(entry["id"])
        worker.program[:] = [entry["program"]]
        request = {
            "group": entry,
            "runs": entry_runs(queue.plan, entry),
            "options": queue.options(entry["id"]),
        }
        try:
            worker.requests.write(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            continue  # the end of its output says so too, and the group is lost
        emit({"group": entry["id"], "started": True})
