"""Run an experiment's sweep in a store, whatever engine trains it."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.beside import measure_beside
from experiments.experiment import Experiment
from experiments.program import plain
from lib.error import UserError

EXIT_FAILED, EXIT_PREEMPTED, EXIT_INTERRUPTED = 1, 75, 130
_TELL_SECONDS = 5.0


def plan_sweep(experiment: Experiment) -> dict[str, Any]:
    """Expand and validate every run; nothing is written."""
    from lib.launch.plan import make_plan

    return make_plan(
        experiment.name,
        experiment.parts,
        title=experiment.title,
        config_file=experiment.config_file,
        expected=experiment.expected,
        abilities=experiment.abilities,
        tell=_tell_cells(),
    )


def _tell_cells() -> Callable[[int, int], None]:
    """Says every few seconds how far the validation of a large sweep is."""
    last = time.monotonic()

    def tell(checked: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _TELL_SECONDS:
            last = time.monotonic()
            print(f"{checked} of {total} cells validated", file=sys.stderr, flush=True)

    return tell


def read_baselines(path: Path | None) -> dict[str, Any] | None:
    """The shipped results of a file. UserError where it is none; None without one."""
    from lib.launch import shipped

    return None if path is None else shipped.read(path)


def run_sweep(
    experiment: Experiment,
    root: Path,
    engine: str,
    num_workers: int = 0,
    ray_address: str = "",
    restart: bool = False,
    allow_mode_change: bool = False,
    num_threads: int = 1,
    baselines: Path | None = None,
) -> int:
    """Train what is not done; returns the exit code.

    Runs whose results the file `baselines` has are not trained but taken from it.
    """
    from lib import store
    from lib.launch import local
    from lib.launch.process import thread_environment

    if num_threads > num_cores():
        raise UserError(
            f"--threads must be at most the number of cores, {num_cores()}, "
            f"got {num_threads}"
        )
    os.environ.update(thread_environment(num_threads))
    signals = _count_signals()
    num_workers = num_workers or num_cores()
    workers = []
    if engine == "ray":
        from lib.launch.ray import import_ray

        import_ray(ray_address)  # before anything is done in vain
    if engine == "local":
        # They import while this process validates.
        workers = local.start_workers(num_workers, root)
    try:
        from lib.launch import shipped

        known = read_baselines(baselines)
        plan = plan_sweep(experiment)
        store.check_writable(root)  # after every run is valid: it makes the folder
        announce(plan, root, experiment.remarks)
        shipped.settle(root, plan, known, baselines)
        keep_sources(root)
        from lib.launch.queue import Queue

        take = shipped.taker(root, known, str(baselines))
        queue = Queue(root, plan, restart, allow_mode_change, take)
        code = _launch(queue, root, engine, num_workers, workers, signals, ray_address)
        if queue.is_finished():
            measure_beside(root, queue.plan, lambda: bool(signals))
        return code
    finally:
        if engine == "local":
            local.end_workers(workers)


def keep_sources(root: Path) -> None:
    """Copy the files of the user's own into the store, for people to read."""
    from lib import own, store

    for sha256, content in own.sources().items():
        store.write_source(root, sha256, content)


def announce(plan: dict[str, Any], root: Path, remarks: Sequence[str] = ()) -> None:
    """Say what became of the config, and how much the sweep asks for."""
    from lib.launch.plan import count_runs

    for line in remarks:
        print(plain(line), file=sys.stderr)
    counts = count_runs(plan)
    print(
        f"{plan['name']}: {counts['cells']} cells, {counts['runs']} runs "
        f"({counts['distinct']} distinct), {counts['programs']} programs -> {root}",
        file=sys.stderr,
    )
    for line in describe_texts(plan):
        print(plain(line), file=sys.stderr)


def describe_texts(plan: dict[str, Any]) -> list[str]:
    """The vocabulary report of every text that a plan's runs learn, a line each."""
    from lib.config import make_config
    from lib.program import make_program
    from lib.report.vocabulary import vocabulary_text

    lines = {}
    for run in plan["runs"]:
        given = run["config"]["task"]
        text = json.dumps({**given, "length": 0}, sort_keys=True)
        if text not in lines:
            task = make_program(make_config(run["config"])).task
            is_text = task.system == "language"
            lines[text] = is_text and vocabulary_text(given["name"], task.facts)
    return [line for line in lines.values() if line]


def _launch(
    queue: Any,
    root: Path,
    engine: str,
    num_workers: int,
    workers: list[Any],
    signals: list[int],
    ray_address: str,
) -> int:
    from lib.launch.progress import Progress

    progress = Progress(queue, sys.stderr)
    stop = lambda: len(signals)
    if engine == "local":
        from lib.launch.local import run_local

        run_local(workers, root, queue, progress.emit, stop)
    elif engine == "serial":
        from lib.launch.serial import run_serial

        run_serial(root, queue, progress.emit, lambda: bool(signals))
    else:
        from lib.launch.ray import run_ray

        run_ray(root, queue, progress.emit, stop, num_workers, ray_address)
    progress.close()
    if queue.preempted or not queue.is_finished():
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return EXIT_INTERRUPTED if signals[:1] == [signal.SIGINT] else EXIT_PREEMPTED
    return EXIT_FAILED if queue.counts()["failed"] else 0


def _count_signals() -> list[int]:
    """Turn SIGINT and SIGTERM into entries of a list that the engines look at."""
    seen: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: seen.append(n))
    return seen


def num_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
