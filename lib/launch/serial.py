"""The serial engine: every group in this process, one after another."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.launch.process import configure_jax, describe_source, entry_runs, run_entry
from lib.launch.queue import Queue

_WAIT_SECONDS = 0.5


def run_serial(
    root: Path,
    queue: Queue,
    emit: Callable[[dict[str, Any]], None],
    stop: Callable[[], bool],
) -> None:
    """Run the queue's groups until none is left, or until `stop`."""
    from lib.driver import Control

    configure_jax()
    control = Control(stop=stop, emit=emit, details=describe_source())
    program = ""
    while not stop() and not queue.is_finished():
        entry = queue.take(program)
        if entry is None:  # another launcher trains what is left
            time.sleep(_WAIT_SECONDS)
            continue
        program = entry["program"]
        emit({"group": entry["id"], "started": True})
        group_control = control._replace(**queue.options(entry["id"]))
        runs = entry_runs(queue.plan, entry)
        outcome, reason = run_entry(root, entry, runs, group_control)
        queue.finish(entry["id"], outcome)
        emit({"group": entry["id"], "outcome": outcome, "reason": reason})
