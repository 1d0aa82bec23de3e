"""What a group writes of its runs: records on the way, and results at the end."""

import functools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from lib import store
from lib.compile import peak_memory_bytes
from lib.group import NEVER, Progress, Work, add_seconds, start_clock, writing
from lib.probe.gradient import gradient_row
from lib.result import (
    Ending,
    describe_run,
    evaluate_runs,
    train_row,
    validation_row,
)
from lib.types import Split

_WRITERS = 8  # the files of so many runs are on their way to the disk at a time


def record(
    work: Work, progress: Progress, active: np.ndarray, diverged: np.ndarray
) -> Progress:
    """Append each active run's records, and note who has reached the stop score.

    A run that diverged gets its record at once, with the steps before it.
    """
    config = work.program.config.train
    due = progress.step % config.eval_every == 0 or progress.step == config.num_steps
    sums, diverged_step = jax.device_get(
        (progress.states.sums, progress.states.diverged_step)
    )
    clock = start_clock(work)
    alive = active & ~diverged
    scores = _evaluate(
        work, progress, alive if due else np.zeros_like(alive), "validation"
    )
    hits, stopped = progress.hits.copy(), progress.stopped_step.copy()
    for place, run_id in enumerate(work.group.run_ids):
        if not diverged[place] and not (due and active[place]):
            continue
        rows = [train_row(place, sums)]
        rows += [validation_row(*pair) for pair in scores[place].items()]
        step = int(diverged_step[place]) if diverged[place] else progress.step
        # The newest line of the file stays the one with the scores.
        first = [] if diverged[place] else _gradient_rows(work, progress, place)
        _append(work, run_id, step, [*first, *rows])
        if config.stop_score and len(rows) > 1:
            reached = all(row["score"] >= config.stop_score for row in rows[1:])
            hits[place] = hits[place] + 1 if reached else 0
            if hits[place] >= config.stop_patience:
                stopped[place] = progress.step
    states = progress.states
    if due:
        zeros = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), sums)
        states = states._replace(sums=zeros)
    took = clock()
    work.spent["evaluate"] += took
    seconds = add_seconds(progress.seconds, "evaluation", took)
    return progress._replace(
        states=states, hits=hits, stopped_step=stopped, seconds=seconds
    )


def record_start(work: Work, progress: Progress) -> None:
    """Append what is recorded of waiting runs before their first step."""
    for place in np.flatnonzero(work.waiting):
        rows = _gradient_rows(work, progress, int(place))
        _append(work, work.group.run_ids[place], progress.step, rows)


def _append(work: Work, run_id: str, step: int, rows: list[dict[str, Any]]) -> None:
    common = {"attempt": work.files.attempt, "step": step}
    with writing(work):
        store.append_metrics(work.root, run_id, [{**common, **row} for row in rows])


def _gradient_rows(work: Work, progress: Progress, place: int) -> list[dict[str, Any]]:
    """The gradient's way back in one run now, where its config asks for it."""
    if not work.program.config.evaluation.gradient_lags:
        return []
    own = lambda tree: jax.tree.map(lambda x: x[place], tree)
    params = own(progress.states.params)
    return [gradient_row(work.program, own(work.hparams), params)]


def _evaluate(work: Work, progress: Progress, which: np.ndarray, split: Split):
    """The split's numbers by length for each run of `which`, empty for the others."""
    if not which.any():
        return [{} for _ in which]
    return evaluate_runs(
        work.program, work.compiled.trainer, progress.states, work.hparams, which, split
    )


def finish(work: Work, progress: Progress, compile_seconds: float) -> None:
    """Test every run that was waiting; write its parameters, then its result."""
    diverged_step = np.asarray(progress.states.diverged_step)
    clock = start_clock(work)
    sound = work.waiting & (diverged_step == NEVER)
    tests = _evaluate(work, progress, sound, "test")
    seconds = add_seconds(progress.seconds, "evaluation", clock())
    last = np.where(
        progress.stopped_step == NEVER, progress.step, progress.stopped_step
    )
    last = np.where(diverged_step == NEVER, last, diverged_step)
    share = last / max(1, last[work.waiting].sum())
    all_params = jax.device_get(progress.states.params)
    endings = []
    for place in np.flatnonzero(work.waiting):
        run_id, config = work.group.run_ids[place], work.group.configs[place]
        params = jax.tree.map(lambda x, i=place: x[i], all_params)
        measured = {
            "train_seconds": seconds["train"] * share[place],
            "evaluation_seconds": seconds["evaluation"] / work.waiting.sum(),
            "compile_seconds": compile_seconds / work.waiting.sum(),
            "peak_memory_bytes": peak_memory_bytes(),
            "attempts": work.files.attempt,
            "width": work.group.width,
            **work.details,
        }
        solved = bool(progress.stopped_step[place] != NEVER)
        ending = Ending(int(last[place]), bool(sound[place]), solved, measured)
        result = describe_run(work.program, config, params, tests[place], ending)
        endings.append((run_id, params, result))
    work.spent["evaluate"] += clock()
    with writing(work):
        write_together(functools.partial(_write_ending, work), endings)
    for run_id, _, result in endings:
        work.control.emit({"run": run_id, "state": result["state"]})


def _write_ending(
    work: Work, run_id: str, params: PyTree, result: dict[str, Any]
) -> None:
    result["metrics"]["validation"] = _last_validation(work.root, run_id)
    store.write_params(work.root, run_id, params)
    store.write_result(work.root, run_id, {"id": run_id, **result})


def write_together(
    write: Callable[..., None], arguments: Iterable[tuple[Any, ...]]
) -> None:
    """Call `write` for each run, several at a time: mostly they wait for the disk.

    Every call has ended when this returns; the first error of any is raised then.
    """
    with ThreadPoolExecutor(_WRITERS) as pool:
        waiting = [pool.submit(write, *each) for each in arguments]
    for future in waiting:
        future.result()


def _last_validation(root: Path, run_id: str) -> dict[str, Any]:
    rows = store.read_run(root, run_id).metrics
    rows = [row for row in rows if row["split"] == "validation"]
    named = ("attempt", "step", "split", "length")
    return {
        str(row["length"]): {k: v for k, v in row.items() if k not in named}
        for row in rows
        if row["step"] == rows[-1]["step"]
    }
