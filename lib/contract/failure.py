"""A broken property, in words: what was found, on which example, what is allowed."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from lib.error import UserError
from lib.own import line_of


class Failure(NamedTuple):
    """One property that does not hold."""

    property: str
    example: str  # the smallest that shows it
    allowed: str

    def __str__(self) -> str:
        return f"{self.property}: {self.example}; allowed: {self.allowed}"


Check = Callable[[Any], Failure | None]


def find_failures(
    checks: Sequence[Check], case: Any, path: Path | None
) -> Iterator[Failure]:
    """The properties that do not hold, in the order of the checks."""
    errors = set()
    for check in checks:
        try:
            failure = check(case)
        except Exception as error:
            failure = failure_of(error, check.__doc__ or "", path)
            if failure.example in errors:  # the same one in every check
                continue
            errors.add(failure.example)
        if failure is not None:
            yield failure


def failure_of(error: Exception, doing: str, path: Path | None) -> Failure:
    """An error of the checked code as a failure, with the line of its file."""
    where = line_of(error, path) if path else ""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    what = doing.split(".")[0].split("\n")[0]
    return Failure(
        f"error while checked ({what[:1].lower()}{what[1:]})",
        f"{where}{type(error).__name__}: {lines[0][:300]}",
        "no error",
    )


def raise_for(name: str, failures: Sequence[Failure]) -> None:
    """Raise UserError with a line for each failure; none: nothing."""
    if failures:
        raise UserError("\n".join(f"{name}: {failure}" for failure in failures))


def compile_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """`jax.jit` that compiles fast: what a contract checks runs a few times only."""
    from lib.compile import compiler_options

    return jax.jit(function, compiler_options=dict(compiler_options(once=True)))
