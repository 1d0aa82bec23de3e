"""The loop over a group: train in chunks, record, stop, checkpoint, write results.

A group's runs share one program and step together. Records fall on the steps that the
config names, whatever the chunks; so do their bits, through any kill and resume.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib import store
from lib.compile import (
    Compiled,
    compiled_program,
    describe_process,
    peak_memory_bytes,
)
from lib.config import Config, make_config
from lib.mapping import Mode, default_mode
from lib.program import Program, make_hparams, make_program, versions_of
from lib.result import (
    Ending,
    describe_run,
    evaluate_runs,
    train_row,
    validation_row,
)
from lib.types import Split

Outcome = Literal["done", "preempted"]

_CHUNK_SECONDS = 1.0  # between two looks at the stop flag
_NEVER = -1


class Control(NamedTuple):
    """How a group is run; none of it changes its numbers but the mode."""

    stop: Callable[[], bool] = lambda: False  # asked after every chunk
    emit: Callable[[dict[str, Any]], None] = lambda event: None
    checkpoint_seconds: float = 20.0
    mode: Mode | None = None  # None: the device's own
    allow_mode_change: bool = False
    restart: bool = False  # move checkpoints aside and begin at step 0
    details: Mapping[str, Any] = {}  # recorded with the attempt: commit, dirty flag


class Group(NamedTuple):
    """Runs to be trained together, and how wide their program is.

    A program wider than its members has idle places: a sweep gives all its groups of
    one program one width, so that they compile once.
    """

    id: str
    run_ids: tuple[str, ...]
    configs: tuple[Config, ...]
    width: int


class Work(NamedTuple):
    """What stays the same while a group runs."""

    root: Path
    group: Group
    program: Program
    compiled: Compiled  # the trainer mapped over the group's runs
    hparams: dict[str, Any]  # leaves [R]
    waiting: np.ndarray  # [R] bool: members without a result when this attempt began
    files: Any
    control: Control
    details: Mapping[str, Any]  # of the process, recorded with every result


class Progress(NamedTuple):
    """Where a group stands. All but the timings is in its checkpoints."""

    step: int
    states: PyTree  # leaves [R, ...]
    hits: np.ndarray  # [R] validations running at or above the stop score
    stopped_step: np.ndarray  # [R] the step at which a run reached it; -1: it has not
    pace: int = 1  # steps in the next chunk
    seconds: Mapping[str, float] = {"train": 0.0, "evaluation": 0.0}
    saved_at: float = 0.0


def make_group(entry: Mapping[str, Any], runs: Mapping[str, Any]) -> Group:
    """A group from its entry in a sweep file and the sweep's runs by id."""
    ids = tuple(entry["members"])
    configs = tuple(make_config(runs[run_id]["config"]) for run_id in ids)
    return Group(entry["id"], ids, configs, entry["width"])


def run_group(root: Path, group: Group, control: Control) -> Outcome:
    """Train a group to its end, or until `control.stop`; all it earns is on disk."""
    program = make_program(group.configs[0])
    mode = control.mode or default_mode()
    details = {**describe_process(mode), **control.details}
    with store.open_group(
        root,
        group.id,
        list(group.run_ids),
        f"{mode} on {details['threads']} threads",  # the bits depend on both
        group.width,
        allow_mode_change=control.allow_mode_change,
        details=details,
    ) as files:
        compiled = compiled_program(program, mode)
        compiled_before = compiled.seconds()
        work = _start(root, group, program, compiled, files, control, details)
        progress = _restore(work)
        config = program.config.train
        while progress.step < config.num_steps and _active(work, progress).any():
            if control.stop():
                _save(work, progress)
                return "preempted"
            progress = _advance(work, progress)
            files.beat()
            if time.monotonic() - progress.saved_at > control.checkpoint_seconds:
                progress = _save(work, progress)
        _finish(work, progress, compiled.seconds() - compiled_before)
        files.discard()
    return "done"


def _start(root, group, program, compiled, files, control, details) -> Work:
    for run_id, config in zip(group.run_ids, group.configs, strict=True):
        versions, fingerprint = versions_of(config), program.task.fingerprint
        store.write_config(root, run_id, config.to_dict(), versions, fingerprint)
    waiting = np.zeros(group.width, bool)
    for place, run_id in enumerate(group.run_ids):
        waiting[place] = store.read_run(root, run_id).result is None
    rows = _padded([make_hparams(config) for config in group.configs], group.width)
    hparams = jax.tree.map(lambda *x: jnp.stack(x), *rows)
    return Work(
        root, group, program, compiled, hparams, waiting, files, control, details
    )


def _restore(work: Work) -> Progress:
    """Fresh states, or those of the newest checkpoint that verifies."""
    width = work.group.width
    seeds = _padded([np.uint32(c.seed) for c in work.group.configs], width)
    states = work.compiled.trainer.init(
        jnp.asarray(np.stack(seeds)), work.hparams, work.program.task.data
    )
    fresh = Progress(
        0, states, np.zeros(width, np.int32), np.full(width, _NEVER, np.int32)
    )
    if work.control.restart:
        work.files.set_aside()
    latest = work.files.latest(_saved(fresh))
    for problem in work.files.problems:
        work.control.emit({"problem": problem})
    if latest is not None:
        step, saved = latest
        fresh = fresh._replace(step=step, **saved)
    return fresh._replace(saved_at=time.monotonic())


def _advance(work: Work, progress: Progress) -> Progress:
    """Train one chunk, and record where a record falls."""
    config = work.program.config.train
    next_record = (progress.step // config.eval_every + 1) * config.eval_every
    record_step = min(next_record, config.num_steps)
    chunk = min(progress.pace, record_step - progress.step)
    active = _active(work, progress)
    clock = _clock(work)
    states = work.compiled.trainer.train(
        progress.states,
        work.hparams,
        jnp.asarray(active),
        work.program.task.data,
        jnp.int32(chunk),
    )
    jax.block_until_ready(states)  # a pending read would hold up signals
    took = clock()
    steps = chunk * int(active.sum())
    tokens = steps * config.batch_size * work.program.task.max_length
    event = {"group": work.group.id, "steps": steps, "tokens": tokens}
    work.control.emit(event)
    progress = progress._replace(
        step=progress.step + chunk,
        states=states,
        pace=max(1, min(2 * chunk + 8, int(chunk * _CHUNK_SECONDS / max(took, 1e-6)))),
        seconds=_added(progress.seconds, "train", took),
    )
    diverged = active & ~_active(work, progress)
    if progress.step == record_step or diverged.any():
        progress = _record(work, progress, active, diverged)
    return progress


def _record(
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
    clock = _clock(work)
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
        common = {"attempt": work.files.attempt, "step": step}
        store.append_metrics(work.root, run_id, [{**common, **row} for row in rows])
        if config.stop_score and len(rows) > 1:
            reached = all(row["score"] >= config.stop_score for row in rows[1:])
            hits[place] = hits[place] + 1 if reached else 0
            if hits[place] >= config.stop_patience:
                stopped[place] = progress.step
    states = progress.states
    if due:
        zeros = jax.tree.map(jnp.zeros_like, states.sums)
        states = states._replace(sums=zeros)
    seconds = _added(progress.seconds, "evaluation", clock())
    return progress._replace(
        states=states, hits=hits, stopped_step=stopped, seconds=seconds
    )


def _evaluate(work: Work, progress: Progress, which: np.ndarray, split: Split):
    """The split's numbers by length for each run of `which`, empty for the others."""
    if not which.any():
        return [{} for _ in which]
    return evaluate_runs(
        work.program, work.compiled.trainer, progress.states, work.hparams, which, split
    )


def _finish(work: Work, progress: Progress, compile_seconds: float) -> None:
    """Test every run that was waiting; write its parameters, then its result."""
    diverged_step = np.asarray(progress.states.diverged_step)
    clock = _clock(work)
    sound = work.waiting & (diverged_step == _NEVER)
    tests = _evaluate(work, progress, sound, "test")
    seconds = _added(progress.seconds, "evaluation", clock())
    last = np.where(
        progress.stopped_step == _NEVER, progress.step, progress.stopped_step
    )
    last = np.where(diverged_step == _NEVER, last, diverged_step)
    share = last / max(1, last[work.waiting].sum())
    for place in np.flatnonzero(work.waiting):
        run_id, config = work.group.run_ids[place], work.group.configs[place]
        params = jax.tree.map(lambda x, i=place: x[i], progress.states.params)
        measured = {
            "train_seconds": seconds["train"] * share[place],
            "evaluation_seconds": seconds["evaluation"] / work.waiting.sum(),
            "compile_seconds": compile_seconds / work.waiting.sum(),
            "peak_memory_bytes": peak_memory_bytes(),
            "attempts": work.files.attempt,
            "width": work.group.width,
            **work.details,
        }
        solved = bool(progress.stopped_step[place] != _NEVER)
        ending = Ending(int(last[place]), bool(sound[place]), solved, measured)
        result = describe_run(work.program, config, params, tests[place], ending)
        result["metrics"]["validation"] = _last_validation(work.root, run_id)
        store.write_params(work.root, run_id, params)
        store.write_result(work.root, run_id, {"id": run_id, **result})
        work.control.emit({"run": run_id, "state": result["state"]})


def _last_validation(root: Path, run_id: str) -> dict[str, Any]:
    rows = store.read_run(root, run_id).metrics
    rows = [row for row in rows if row["split"] == "validation"]
    named = ("attempt", "step", "split", "length")
    return {
        str(row["length"]): {k: v for k, v in row.items() if k not in named}
        for row in rows
        if row["step"] == rows[-1]["step"]
    }


def _active(work: Work, progress: Progress) -> np.ndarray:
    """[R] bool: the runs that still train; idle places never do."""
    diverged = np.asarray(progress.states.diverged_step) != _NEVER
    return work.waiting & ~diverged & (progress.stopped_step == _NEVER)


def _clock(work: Work) -> Callable[[], float]:
    """Seconds since now, without those that went into compiling."""
    began, compiling = time.monotonic(), work.compiled.seconds()
    return lambda: time.monotonic() - began - (work.compiled.seconds() - compiling)


def _save(work: Work, progress: Progress) -> Progress:
    work.files.save(progress.step, _saved(progress))
    return progress._replace(saved_at=time.monotonic())


def _saved(progress: Progress) -> dict[str, Any]:
    return {
        "states": progress.states,
        "hits": progress.hits,
        "stopped_step": progress.stopped_step,
        "seconds": {k: np.float64(v) for k, v in progress.seconds.items()},
    }


def _padded(rows: Sequence[Any], width: int) -> list[Any]:
    """Rows up to the program's width; idle places repeat the first."""
    return [*rows, *[rows[0]] * (width - len(rows))]


def _added(seconds: Mapping[str, float], name: str, more: float) -> dict[str, float]:
    return {**seconds, name: seconds[name] + more}
