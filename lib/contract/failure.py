"""A broken property, in words: what was found, on which example, what is allowed."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from lib.error import LayerShapeError, UserError
from lib.own import line_of


class Failure(NamedTuple):
    """One property that does not hold."""

    property: str
    example: str  # the smallest that shows it
    allowed: str

    def __str__(self) -> str:
        return f"{self.property}: {self.example}; allowed: {self.allowed}"


Check = Callable[[Any], Failure | None]
OUTPUTS_NOT_FINITE = "outputs are not finite"
STEP = (
    "a model's step(params, carry, x [B] or [B, D]) -> (carry, y [B, V]); a layer's "
    "step(h, x [B, D]) -> (next h, y [B, H])"
)
LAYER = "outputs [B, H] of step and [T, B, H] of __call__, H = hidden_size"


class BrokenError(Exception):
    """A failure that ends the checks: what they would compare has no numbers."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def find_failures(
    stages: Sequence[Sequence[Check]], case: Any, path: Path | None
) -> Iterator[Failure]:
    """The properties that do not hold, in the order of the checks.

    The checks of a stage are made only where those before it hold: what breaks an
    early one surely breaks later ones, which then would accuse the wrong place.
    """
    for checks in stages:
        broken = False
        for failure in _failures(checks, case, path):
            broken = True
            yield failure
        if broken:
            return


def _failures(
    checks: Sequence[Check], case: Any, path: Path | None
) -> Iterator[Failure]:
    errors = set()
    for check in checks:
        try:
            failure = check(case)
        except BrokenError as error:
            yield error.failure
            return
        except Exception as error:
            failure = failure_of(error, check.__doc__ or "", path)
            if failure.example in errors:  # the same one in every check
                continue
            errors.add(failure.example)
        if failure is not None:
            yield failure


def failure_of(error: Exception, doing: str, path: Path | None) -> Failure:
    """An error of the checked code as a failure, with the line of its file."""
    if isinstance(error, LayerShapeError):
        return Failure("a layer's outputs have another shape", str(error), LAYER)
    where = line_of(error, path) if path else ""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    said = f"{where}{type(error).__name__}: {lines[0][:300]}"
    if _lacks_step(error):
        return Failure("has no step form", said, STEP)
    what = doing.split(".")[0].split("\n")[0]
    return Failure(
        f"error while checked ({what[:1].lower()}{what[1:]})", said, "no error"
    )


def _lacks_step(error: Exception) -> bool:
    """Whether a layer has no method `step`, as Python and Linen say it."""
    text = str(error).replace('"', "'")
    return isinstance(error, AttributeError) and "no attribute 'step'" in text


def count_steps(num_steps: int) -> str:
    """So many steps, in words."""
    return f"{num_steps} step{'' if num_steps == 1 else 's'}"


def raise_for(name: str, failures: Sequence[Failure]) -> None:
    """Raise UserError with a line for each failure; none: nothing."""
    if failures:
        raise UserError("\n".join(f"{name}: {failure}" for failure in failures))


def compile_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """`jax.jit` that compiles fast: what a contract checks runs a few times only."""
    from lib.compile import compiler_options

    return jax.jit(function, compiler_options=dict(compiler_options(once=True)))
