"""A program's functions, mapped over R runs and compiled, with the time that took."""

import functools
import math
import os
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lib.config import Config
from lib.cost import tokens_per_example
from lib.machine import peak_resident_bytes, processor
from lib.mapping import Mode, map_runs
from lib.ops.dispatch import wanted as kernels_wanted
from lib.program import Program, make_hparams
from lib.types import Params, Trainer


class Compiled(NamedTuple):
    """A mapped trainer whose functions compile at their first call."""

    trainer: Trainer
    seconds: Callable[[], float]  # spent compiling so far, by this process


# The programs used last. On a CPU each takes about a thousand of a process's memory
# mappings, of which Linux allows 65,530: a long sweep would die of keeping them all.
_COMPILED: dict[tuple[str, Mode], Compiled] = {}
KEPT = 32


def compiled_program(program: Program, mode: Mode) -> Compiled:
    """The program's trainer over R runs, compiled once while it is among those kept."""
    key = (program.key, mode)
    if key in _COMPILED:
        _COMPILED[key] = _COMPILED.pop(key)  # the last one used
    else:
        spent: list[float] = []
        mapped = map_runs(program.trainer, mode)
        often, once = compiler_options(num_tokens(program)), compiler_options(once=True)
        init, train, evaluate = mapped
        trainer = Trainer(
            _ahead_of_time(init, once, spent),
            _ahead_of_time(train, often, spent),
            _ahead_of_time(evaluate, often, spent),
        )
        _COMPILED[key] = Compiled(trainer, functools.partial(sum, spent))
        for oldest in list(_COMPILED)[:-KEPT]:
            del _COMPILED[oldest]
    return _COMPILED[key]


def num_tokens(program: Program) -> int:
    """The tokens a run of the program trains on, if it does not stop early."""
    train = program.config.train
    return train.num_steps * train.batch_size * tokens_per_example(program.task)


def initial_params(program: Program, config: Config) -> Params:
    """The parameters of a run before its first step, made again from its seed."""
    options = compiler_options(once=True)
    init = jax.jit(program.trainer.init, compiler_options=options)
    state = init(np.uint32(config.seed), make_hparams(config), program.task.data)
    return state.params


def describe_process(mode: Mode) -> dict[str, Any]:
    """What ran it: device, versions, mode, and this process's peak memory in bytes."""
    device = jax.devices()[0]
    return {
        "device": f"{device.platform} {device.device_kind}",
        "processor": processor(),
        "mode": mode,
        "threads": int(os.environ.get("NPROC") or os.cpu_count() or 1),
        "kernels": "on" if kernels_wanted() else "off",
        "jax": jax.__version__,
        "python": platform.python_version(),
    }


def peak_memory_bytes() -> int:
    """The most memory this process has held so far; on an accelerator, the device."""
    stats = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in stats:
        return int(stats["peak_bytes_in_use"])
    return peak_resident_bytes()


# From so many tokens on, a run repays the compile time of XLA's fusion emitters.
# On one core of a Zen 4, milliseconds a training step of 16 x 64 tokens, H = 32:
#            emitters off   on    seconds to compile: off   on
#   lstm          1.9      0.9                        1.2   1.8
#   gru           1.7      0.8                        1.3   2.2
#   rnn, lru, tcn, window: 0 to 20 % less             1.2   2.2
EMITTER_TOKENS = 2**18


def compiler_options(
    num_tokens: float = math.inf, once: bool = False
) -> dict[str, str | bool]:
    """XLA's options for a program that reads so many tokens, or that is called once.

    A function of the config alone, so that every way of running it agrees on the bits.
    LLVM's level 1 compiles in 0.5 to 0.9 of the time of its default and runs as fast,
    at H = 32 and 256; what is called once is best not optimized at all.
    """
    if jax.default_backend() != "cpu":
        return {}
    options: dict[str, str | bool] = {
        "xla_cpu_use_fusion_emitters": num_tokens >= EMITTER_TOKENS and not once,
        "xla_backend_optimization_level": "0" if once else "1",
    }
    return {name: value for name, value in options.items() if _is_known(name, value)}


@functools.cache
def _is_known(name: str, value: str | bool) -> bool:
    """Whether this JAX has an option: 0.12 no longer lets emitters be chosen."""
    try:
        jax.jit(lambda: jnp.int32(0)).lower().compile({name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True


def _ahead_of_time(
    function: Any, options: Mapping[str, str | bool], spent: list[float]
) -> Callable[..., Any]:
    """Call `function` compiled for the arguments' shapes, timing each compilation."""
    compiled: dict[Any, Callable[..., Any]] = {}

    def call(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        shapes = structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        if shapes not in compiled:
            started = time.monotonic()
            compiled[shapes] = function.lower(*args).compile(dict(options))
            spent.append(time.monotonic() - started)
        return compiled[shapes](*args)

    return call
