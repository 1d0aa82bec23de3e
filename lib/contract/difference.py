"""Random inputs, inputs that differ everywhere, and where two outputs differ."""

from typing import TYPE_CHECKING, Any

import numpy as np

from lib.contract.failure import (
    OUTPUTS_NOT_FINITE,
    BrokenError,
    Failure,
    count_steps,
)
from lib.types import Interface

if TYPE_CHECKING:
    from lib.contract.model import Case

CLOSE = 1e-4  # relative: float32 sums in another order, over several layers
BATCH_SIZE = 2


def draw_inputs(interface: Interface, num_steps: int, seed: int = 0) -> np.ndarray:
    """Random inputs [B, T] or [B, T, D] of an interface."""
    random = np.random.default_rng(seed)
    shape = (BATCH_SIZE, num_steps)
    if interface.vocabulary_size:
        tokens = random.integers(0, interface.vocabulary_size, shape)
        return tokens.astype(np.int32)
    return random.normal(size=(*shape, interface.input_size)).astype(np.float32)


def others(case: "Case", inputs: np.ndarray) -> np.ndarray:
    """Inputs that differ everywhere."""
    size = case.interface.vocabulary_size
    return (inputs + 1) % size if size else -inputs - 1


def first_difference(one: Any, other: Any) -> tuple[int, float] | None:
    """The first step at which outputs [B, T, V] differ, and by how much.

    Raises BrokenError where one of them is not finite: there is nothing to compare.
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    for failure in (not_finite(one), not_finite(other)):
        if failure is not None:
            raise BrokenError(failure)
    gap = np.abs(one - other).max(axis=(0, 2))
    places = np.argwhere(~(gap <= CLOSE * max(1.0, np.abs(other).max())))
    return (int(places[0, 0]), float(gap[places[0, 0]])) if len(places) else None


def not_finite(outputs: Any) -> Failure | None:
    """What to say of outputs [B, T, V] of which one is infinite or no number."""
    outputs = np.asarray(outputs)
    bad = np.argwhere(~np.isfinite(outputs).all(axis=(0, 2)))
    if not len(bad):
        return None
    step = int(bad[0, 0])
    said = f"with {count_steps(step + 1)} the output at step {step} is "
    return Failure(
        OUTPUTS_NOT_FINITE, f"{said}{first_bad(outputs[:, step])}", "finite numbers"
    )


def first_bad(values: Any) -> float:
    """The first number that is not finite."""
    values = np.asarray(values)
    return values[~np.isfinite(values)].ravel()[0].item()
