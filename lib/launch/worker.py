"""A worker process of the local engine: groups come in by standard input, one a line.

Each line is {"group", "runs", "options"}; the answer is event lines and one {"outcome"}
line. The worker ends when its input does: a launcher that dies takes it with it.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lib.launch.process import configure_jax, describe_source, run_entry

_BEGAN = time.monotonic()
_GRACE_SECONDS = 4.0  # to save and leave, once the launcher is gone


def main(root: Path, number: int, core: int) -> None:
    """Serve groups from standard input until it ends or SIGTERM comes."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not get into the answers
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines, stopping), daemon=True).start()

    def emit(event: dict[str, Any]) -> None:
        try:
            os.write(answers, json.dumps(event).encode() + b"\n")
        except BrokenPipeError:
            stopping.set()  # the launcher is gone: no fault of the run

    configure_jax()
    from lib.driver import Control

    control = Control(stopping.is_set, emit, details=describe_source())
    emit({"ready": True})
    free_at = time.monotonic()
    before = {"import": free_at - _BEGAN}
    while not stopping.is_set():
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if not line:
            return
        _print_to_log(root, number)
        request = json.loads(line)
        entry = request["group"]
        before["idle"] = time.monotonic() - free_at
        group_control = control._replace(before=before, **request["options"])
        outcome, reason = run_entry(root, entry, request["runs"], group_control)
        free_at, before = time.monotonic(), {}
        emit({"group": entry["id"], "outcome": outcome, "reason": reason})


def _print_to_log(root: Path, number: int) -> None:
    """Nothing is written into the store before the first group: its sweep is valid."""
    folder = root / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"worker-{number}.log", "a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _read(lines: "queue.SimpleQueue[str]", stopping: threading.Event) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")
    stopping.set()
    threading.Event().wait(_GRACE_SECONDS)
    os._exit(1)  # the main thread is inside a long computation


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
