"""The loop over a group: train in chunks, record, stop, checkpoint, write results.

A group's runs share one program and step together. Records fall on the steps that the
config names, whatever the chunks; so do their bits, through any kill and resume.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np

from lib import store
from lib.compile import compiled_program, describe_process
from lib.config import make_config
from lib.cost import tokens_per_example
from lib.group import (
    NEVER,
    Control,
    Group,
    Progress,
    Work,
    active_runs,
    add_seconds,
    start_clock,
    writing,
)
from lib.mapping import default_mode
from lib.program import make_hparams, make_program, versions_of
from lib.record import finish, record, record_start, write_together

Outcome = Literal["done", "preempted"]

_CHUNK_SECONDS = 1.0  # between two looks at the stop flag


def make_group(entry: Mapping[str, Any], runs: Mapping[str, Any]) -> Group:
    """A group from its entry in a sweep file and the sweep's runs by id."""
    ids = tuple(entry["members"])
    configs = tuple(make_config(runs[run_id]["config"]) for run_id in ids)
    return Group(entry["id"], ids, configs, entry["width"])


def run_group(root: Path, group: Group, control: Control) -> Outcome:
    """Train a group to its end, or until `control.stop`; all it earns is on disk."""
    began = time.monotonic()
    program = make_program(group.configs[0])
    mode = control.mode or default_mode()
    details = {**describe_process(mode), **control.details}
    with store.open_group(
        root,
        group.id,
        list(group.run_ids),
        _manner(details),
        group.width,
        allow_mode_change=control.allow_mode_change,
        details=details,
    ) as files:
        compiled = compiled_program(program, mode)
        compiled_before = compiled.seconds()
        work = _start(root, group, program, compiled, files, control, details)
        compiling = lambda: compiled.seconds() - compiled_before
        outcome = _run(work, compiling)
        work.spent["compile"] = compiling()
        _record_time(work, time.monotonic() - began)
    return outcome


def _run(work: Work, compiling: Callable[[], float]) -> Outcome:
    progress = _restore(work)
    if progress.step == 0:
        record_start(work, progress)
    config = work.program.config.train
    while progress.step < config.num_steps and active_runs(work, progress).any():
        if work.control.stop():
            _save(work, progress)
            return "preempted"
        progress = _advance(work, progress)
        work.files.beat()
        if time.monotonic() - progress.saved_at > work.control.checkpoint_seconds:
            progress = _save(work, progress)
    finish(work, progress, compiling())
    with writing(work):
        work.files.discard()
    return "done"


def _record_time(work: Work, whole: float) -> None:
    """Write down what this attempt took, and what led up to it in this process."""
    other = max(0.0, whole - sum(work.spent.values()))
    seconds = {**work.spent, "other": other, **work.control.before}
    store.append_seconds(work.root, work.group.id, work.files.attempt, seconds)


def _manner(details: Mapping[str, Any]) -> str:
    """What the bits depend on beside the config, the code and the machine."""
    kernels = " with kernels" if details["kernels"] == "on" else ""
    return f"{details['mode']} on {details['threads']} threads{kernels}"


def _start(root, group, program, compiled, files, control, details) -> Work:
    about = versions_of(group.configs[0]), program.task.fingerprint
    write = lambda i, config: store.write_config(root, i, config.to_dict(), *about)
    began = time.monotonic()
    write_together(write, zip(group.run_ids, group.configs, strict=True))
    spent: dict[str, float] = dict.fromkeys(store.KINDS, 0.0)
    spent["write"] = time.monotonic() - began
    waiting = np.zeros(group.width, bool)
    for place, run_id in enumerate(group.run_ids):
        waiting[place] = store.read_run(root, run_id).result is None
    rows = _padded([make_hparams(config) for config in group.configs], group.width)
    hparams = jax.tree.map(lambda *x: np.stack(x), *rows)
    places = (hparams, waiting)
    return Work(root, group, program, compiled, *places, files, control, details, spent)


def _restore(work: Work) -> Progress:
    """Fresh states, or those of the newest checkpoint that verifies."""
    width = work.group.width
    seeds = _padded([np.uint32(c.seed) for c in work.group.configs], width)
    states = work.compiled.trainer.init(
        np.stack(seeds), work.hparams, work.program.task.data
    )
    fresh = Progress(
        0, states, np.zeros(width, np.int32), np.full(width, NEVER, np.int32)
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
    active = active_runs(work, progress)
    clock = start_clock(work)
    states = work.compiled.trainer.train(
        progress.states,
        work.hparams,
        active,
        work.program.task.data,
        np.int32(chunk),
    )
    jax.block_until_ready(states)  # a pending read would hold up signals
    took = clock()
    work.spent["train"] += took
    steps = chunk * int(active.sum())
    tokens = steps * config.batch_size * tokens_per_example(work.program.task)
    event = {"group": work.group.id, "steps": steps, "tokens": tokens}
    work.control.emit(event)
    progress = progress._replace(
        step=progress.step + chunk,
        states=states,
        pace=max(1, min(2 * chunk + 8, int(chunk * _CHUNK_SECONDS / max(took, 1e-6)))),
        seconds=add_seconds(progress.seconds, "train", took),
    )
    diverged = active & ~active_runs(work, progress)
    if progress.step == record_step or diverged.any():
        progress = record(work, progress, active, diverged)
    return progress


def _save(work: Work, progress: Progress) -> Progress:
    with writing(work):
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
