"""Kernels of Mosaic GPU in Pallas's interpret mode, compiled in little time."""

from collections.abc import Callable
from typing import Any

import jax

try:
    from jax.experimental.pallas.mosaic_gpu import InterpretGPUParams
except ImportError:  # up to jax 0.10 it has no public name
    from jax._src.pallas.mosaic_gpu.interpret.params import InterpretGPUParams

INTERPRET = InterpretGPUParams()


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the jitted function returns; not optimized it compiles in a quarter."""
    options = {"xla_backend_optimization_level": 0}
    return jax.jit(function).lower(*arguments).compile(options)(*arguments)
