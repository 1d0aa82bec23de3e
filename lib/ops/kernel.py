"""A loop of element-wise operations compiled as one kernel of XLA's CPU backend.

There a loop usually is a list of operations that a runtime walks through again for
every iteration, about half a microsecond an operation: more than an operation on a
thousand numbers takes. XLA compiles small loops as a whole; a call with the attributes
that its own pass gives them is treated likewise, and elsewhere they mean nothing.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata


def one_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of arrays, as one kernel on one thread.

    It may hold loops, slices, updates and element-wise operations; no matrix products
    and no reductions, which XLA hands to libraries that a kernel cannot call.
    """

    @jax.jit
    def body(*arguments: Any) -> Any:
        with set_xla_metadata(xla_cpu_small_call=None, inlineable=None):
            return function(*arguments)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if jax.default_backend() != "cpu":
            return function(*arguments)
        with set_xla_metadata(xla_cpu_small_call="true", inlineable="false"):
            return body(*arguments)

    return call
