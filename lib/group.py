"""A group in training: what stays the same, and where it stands."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import PyTree

from lib.compile import Compiled
from lib.config import Config
from lib.mapping import Mode
from lib.program import Program

NEVER = -1  # in place of a step


class Control(NamedTuple):
    """How a group is run; none of it changes its numbers but the mode."""

    stop: Callable[[], bool] = lambda: False  # asked after every chunk
    emit: Callable[[dict[str, Any]], None] = lambda event: None
    checkpoint_seconds: float = 20.0
    mode: Mode | None = None  # None: the device's own
    allow_mode_change: bool = False
    restart: bool = False  # move checkpoints aside and begin at step 0
    details: Mapping[str, Any] = {}  # recorded with the attempt: commit, dirty flag
    before: Mapping[str, float] = {}  # seconds that led up to it: imports, waiting


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
    spent: dict[str, float]  # seconds of this attempt by kind, as they grow


class Progress(NamedTuple):
    """Where a group stands. All but the timings is in its checkpoints."""

    step: int
    states: PyTree  # leaves [R, ...]
    hits: np.ndarray  # [R] validations running at or above the stop score
    stopped_step: np.ndarray  # [R] the step at which a run reached it; -1: it has not
    pace: int = 1  # steps in the next chunk
    seconds: Mapping[str, float] = {"train": 0.0, "evaluation": 0.0}
    saved_at: float = 0.0


def active_runs(work: Work, progress: Progress) -> np.ndarray:
    """[R] bool: the runs that still train; idle places never do."""
    diverged = np.asarray(progress.states.diverged_step) != NEVER
    return work.waiting & ~diverged & (progress.stopped_step == NEVER)


def start_clock(work: Work) -> Callable[[], float]:
    """Seconds since now, without those that went into compiling and writing."""
    elsewhere = lambda: work.compiled.seconds() + work.spent["write"]
    began = time.monotonic() - elsewhere()
    return lambda: time.monotonic() - elsewhere() - began


@contextlib.contextmanager
def writing(work: Work) -> Iterator[None]:
    """What is done inside counts as writing."""
    began = time.monotonic()
    try:
        yield
    finally:
        work.spent["write"] += time.monotonic() - began


def add_seconds(
    seconds: Mapping[str, float], name: str, more: float
) -> dict[str, float]:
    """The timings with more seconds under one name."""
    return {**seconds, name: seconds[name] + more}
