"""What is compared: the shape of a subject. To add one, read this file alone.

A subject names its sizes and has a maker for each contender, ours first under the name
"horizon". A maker imports what it needs, prepares everything (data, parameters, the
compiled program) and returns a `Work`, whose `call()` does the work once and returns
when it is done:

    def make_ours(H: int, T: int) -> Work:
        import jax                                   # inside: see below
        function, x = jax.jit(...), ...
        compiled, seconds, temporary = compile_program(function, x)
        return Work(lambda: jax.block_until_ready(compiled(x)), compile_seconds=seconds,
                    temporary_bytes=temporary)

    def make_torch(H: int, T: int) -> Work:
        import torch                                 # absent: said, and left out
        ...

    SUBJECTS = [Subject("mine", {"H": 64, "T": 128},
                        {"horizon": make_ours, "torch": make_torch})]

and one entry in `experiments/bench/registry.py`. Modules of subjects import no jax, no
flax, no torch at their top: every subject is measured in a process of its own, in which
the number of threads is set before they are imported (torch's too).

All contenders of a subject do the same work on arrays of the same shapes. A contender
that needs more than 20 ms a call is called once a turn, a faster one as often as that
takes. `units` tells calls of unlike size apart: 64 runs against 4, 512 tokens against
64; times are a unit. Processes that a call starts and waits for count as its own.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

OURS = "horizon"
# Packages that a contender may need and a machine may lack.
OPTIONAL = ("torch", "equinox")


class Work(NamedTuple):
    """One contender, ready: `call()` does it once and waits until it is done."""

    call: Callable[[], object]
    units: float = 1.0  # of the subject's unit that one call does
    compile_seconds: float | None = None  # None: nothing is compiled ahead
    temporary_bytes: int | None = None  # that XLA plans beside arguments and results


Maker = Callable[..., Work]  # of the subject's parameters by name


class Subject(NamedTuple):
    """One row of the table: a name, sizes, and who is measured.

    `threads` are the measurements made: with one thread the processor's time is what
    counts, with more the clock's; () for none. With `memory` each contender is also
    called in a fresh process that reports its peak of resident memory.
    """

    name: str
    parameters: Mapping[str, int]
    makers: Mapping[str, Maker]
    unit: str = "step"  # what a time is of
    threads: tuple[int, ...] = (1, 2)
    memory: bool = False
    quick: bool = False  # is part of --quick too
    full: bool = False  # is part of --full only
    seconds: float = 5.0  # that its rounds may take in one process

    @property
    def label(self) -> str:
        """The name with the sizes, unique among all subjects."""
        sizes = [f"{name}={size}" for name, size in self.parameters.items()]
        return ", ".join([self.name, *sizes])


def compile_program(
    function: Any, *arguments: Any, options: Mapping[str, Any] | None = None
) -> tuple[Any, float, int]:
    """A jitted function compiled for arguments: it, the seconds, the temporary bytes.

    Tracing counts, as it does for whoever waits. `options` are XLA's.
    """
    import time

    started = time.perf_counter()
    compiled = function.lower(*arguments).compile(dict(options or {}))
    seconds = time.perf_counter() - started
    return compiled, seconds, compiled.memory_analysis().temp_size_in_bytes
