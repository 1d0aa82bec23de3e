"""A program's functions, mapped over R runs and compiled, with the time that took."""

import functools
import os
import platform
import resource
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lib.mapping import Mode, map_runs
from lib.program import Program
from lib.types import Trainer


class Compiled(NamedTuple):
    """A mapped trainer whose functions compile at their first call."""

    trainer: Trainer
    seconds: Callable[[], float]  # spent compiling so far, by this process


_COMPILED: dict[tuple[str, Mode], Compiled] = {}


def compiled_program(program: Program, mode: Mode) -> Compiled:
    """The program's trainer over R runs; a process compiles each program once."""
    key = (program.key, mode)
    if key not in _COMPILED:
        spent: list[float] = []
        mapped = map_runs(program.trainer, mode)
        trainer = Trainer(*(_ahead_of_time(function, spent) for function in mapped))
        _COMPILED[key] = Compiled(trainer, functools.partial(sum, spent))
    return _COMPILED[key]


def describe_process(mode: Mode) -> dict[str, Any]:
    """What ran it: device, versions, mode, and this process's peak memory in bytes."""
    device = jax.devices()[0]
    return {
        "device": f"{device.platform} {device.device_kind}",
        "processor": _processor(),
        "mode": mode,
        "threads": int(os.environ.get("NPROC") or os.cpu_count() or 1),
        "jax": jax.__version__,
        "python": platform.python_version(),
    }


def peak_memory_bytes() -> int:
    """The most memory this process has held so far; on an accelerator, the device."""
    stats = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in stats:
        return int(stats["peak_bytes_in_use"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024  # Linux counts KiB


@functools.cache
def compiler_options() -> dict[str, str | bool]:
    """Options that go with every program, so that every way of running it agrees.

    On CPU XLA's fusion emitters take a third of the compile time and buy no speed here.
    """
    options: dict[str, str | bool] = {"xla_cpu_use_fusion_emitters": False}
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda: jnp.int32(0)).lower().compile(options)
    except jax.errors.JaxRuntimeError:  # JAX 0.12 no longer has it
        return {}
    return options


def _ahead_of_time(function: Any, spent: list[float]) -> Callable[..., Any]:
    """Call `function` compiled for the arguments' shapes, timing each compilation."""
    compiled: dict[Any, Callable[..., Any]] = {}

    def call(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        shapes = structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        if shapes not in compiled:
            started = time.monotonic()
            compiled[shapes] = function.lower(*args).compile(compiler_options())
            spent.append(time.monotonic() - started)
        return compiled[shapes](*args)

    return call


@functools.cache
def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            names = (line for line in lines if line.startswith("model name"))
            return next(names).split(":", 1)[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
