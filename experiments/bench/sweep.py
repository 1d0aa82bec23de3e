"""Whole sweeps, start-up, and evaluation over many lengths: what is not a step.

A sweep of ours is the command that a user types, everything included: imports,
compilation into an empty cache, evaluation, results on disk. Its peers train the same
runs with torch, a process a run and one process for all. Of those few are run and
taken for the others (`units`): the time of a run does not depend on how many there are.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from experiments.bench.subject import OURS, Subject, Work

_CONFIG = "experiments/bench/sweep_config.py"
_LOOPED_RUNS = 2  # of one torch process, a turn
LONGEST = 500
_SOME_LENGTHS = (125, 375)


def make_ours(H: int, steps: int, runs: int) -> Work:
    """experiments.sweep, with a compilation cache that is empty at first."""
    return Work(lambda: _sweep(f"{H}x{steps}x{runs}"), runs)


def make_processes(H: int, steps: int, runs: int) -> Work:
    """torch as users run it: a process a run."""
    import torch  # noqa: F401 absent: said, and left out

    return Work(lambda: _python("experiments.bench.sweep_torch", H, steps, 0))


def make_loop(H: int, steps: int, runs: int) -> Work:
    """torch, one run after another in a process that has imported it."""
    import torch

    from experiments.bench.sweep_torch import train

    torch.set_num_threads(1)

    def call() -> None:
        for seed in range(_LOOPED_RUNS):
            train(H, steps, seed)

    return Work(call, _LOOPED_RUNS)


def make_start(cold: bool, steps: int) -> Work:
    """One run of few steps, from the shell to its result, cached or not."""
    warm = None if cold else tempfile.TemporaryDirectory()

    def call() -> None:
        _sweep(f"16x{steps}x1", warm.name if warm else None)

    return Work(call)


def make_start_torch(steps: int) -> Work:
    """The same with torch."""
    return make_processes(16, steps, 1)


def make_lengths(T: int) -> Work:
    """Scores at lengths 2..T: one program, compiled anew by every call."""
    lengths = range(2, T + 1)
    return Work(lambda: _evaluate(T, list(lengths)), len(lengths))


def make_length_each(T: int) -> Work:
    """The same, a program a length."""
    lengths = [length for length in _SOME_LENGTHS if length <= T]
    return Work(lambda: [_evaluate(t, [t]) for t in lengths], len(lengths))


def _evaluate(T: int, lengths: list[int]) -> Any:
    import jax
    import numpy as np

    from experiments.bench.sweep_config import get_config
    from lib.compile import compiler_options
    from lib.config import make_config
    from lib.program import make_hparams, make_program
    from lib.sweep import override
    from lib.train import evaluation_key

    config = override(get_config().to_dict(), {"task.length": T, "seed": 0})
    config = make_config(override(config, {"evaluation.batch_size": 16}))
    trainer, hparams = make_program(config).trainer, make_hparams(config)
    state = jax.eval_shape(trainer.init, np.uint32(0), hparams, ())
    state = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), state)
    counts = np.asarray(lengths, np.int32), np.int32(1)
    arguments = (state, hparams, (), evaluation_key("test"), *counts)
    lowered = jax.jit(lambda *given: trainer.evaluate(*given)).lower(*arguments)
    return jax.block_until_ready(lowered.compile(compiler_options())(*arguments))


def _sweep(argument: str, cache: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"HORIZON_CACHE": cache or str(Path(folder, "cache"))}
        flags = [f"--config={_CONFIG}:{argument}", f"--store={Path(folder, 'store')}"]
        _python("experiments.sweep", *flags, **environment)


def _python(module: str, *words: object, **environment: str) -> None:
    command = [sys.executable, "-m", module, *map(str, words)]
    root = Path(__file__).resolve().parents[2]
    variables = {**os.environ, **environment}
    subprocess.run(command, cwd=root, env=variables, capture_output=True, check=True)


_SWEEPS = {
    OURS: make_ours,
    "torch, a process a run": make_processes,
    "torch, one process": make_loop,
}
_STARTS = {
    OURS: lambda steps: make_start(False, steps),
    "horizon, nothing cached": lambda steps: make_start(True, steps),
    "torch, a process a run": make_start_torch,
}
_LENGTHS = {OURS: make_lengths, "a compile a length": make_length_each}

SUBJECTS = [
    Subject("sweep", {"H": 16, "steps": 1000, "runs": 64}, _SWEEPS, "run", (1,)),
    Subject("sweep", {"H": 64, "steps": 200, "runs": 64}, _SWEEPS, "run", (1,)),
    Subject("start-up", {"steps": 50}, _STARTS, "start", (1,), seconds=3.0),
    Subject("evaluation over lengths", {"T": LONGEST}, _LENGTHS, "length", (1,)),
]
