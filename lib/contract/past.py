"""Outputs that depend on the past alone, by derivative and by substitution."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from lib.contract.difference import first_difference, others
from lib.contract.failure import Failure, compile_once

if TYPE_CHECKING:
    from lib.contract.model import Case

NOTHING = 1e-5  # of the largest derivative: a convolution by FFT leaks so much
_NUM_PLACES = 24  # from which on a longer sequence is changed, at most about so many


def causal(case: "Case") -> Failure | None:
    """No look at later inputs, by derivative or by substitution."""
    found = _ahead(case, case.inputs)
    if found is None:
        return _far_ahead(case, case.longer) or _far_ahead(case, case.far)
    for num_steps in range(2, case.inputs.shape[1] + 1):
        smaller = _ahead(case, case.inputs[:, :num_steps])
        if smaller is not None:
            found = smaller
            break
    num_steps, t, s, how = found
    return Failure(
        "looks ahead",
        f"with {num_steps} steps the output at step {t} depends on the input at "
        f"step {s} ({how})",
        "inputs at the same step and before",
    )


def _far_ahead(case: "Case", inputs: np.ndarray) -> Failure | None:
    """A look ahead that only a longer sequence shows, as within a chunk of steps."""
    before, _ = case.apply(case.params, case.carry, inputs)
    num_steps = inputs.shape[1]
    stride = num_steps // _NUM_PLACES | 1  # odd: not in step with chunks
    for s in range(1, num_steps, stride):
        changed = inputs.copy()
        changed[:, s:] = others(case, changed[:, s:])
        after, _ = case.apply(case.params, case.carry, changed)
        differs = first_difference(before[:, :s], after[:, :s])
        if differs is not None:
            return Failure(
                "looks ahead",
                f"with {num_steps} steps the output at step {differs[0]} changes by "
                f"{differs[1]:.2g} when only the inputs from step {s} on are others",
                "inputs at the same step and before",
            )
    return None


def field(case: "Case") -> Failure | None:
    """The receptive field that the model states."""
    size, T = case.model.receptive_field, case.inputs.shape[1]
    if size is None or size >= T or case.interface.vocabulary_size:
        return None
    reached = _derivatives(case, case.inputs)
    lags = np.arange(T)[:, None] - np.arange(T)[None, :]
    beyond = np.argwhere((lags >= size) & (reached > NOTHING * reached.max()))
    if not len(beyond):
        return None
    t, s = map(int, beyond[0])
    return Failure(
        "sees further than its receptive field",
        f"the output at step {t} depends on the input at step {s} "
        f"(|dy/dx| = {reached[t, s]:.2g})",
        f"the last {size} inputs: receptive_field is {size}; None where it has no end",
    )


def padded(case: "Case") -> Failure | None:
    """Right padding that changes nothing before it."""
    for end in range(1, case.inputs.shape[1]):
        inputs = case.inputs.copy()
        inputs[:, end:] = 0
        plain, _ = case.apply(case.params, case.carry, case.inputs)
        other, _ = case.apply(case.params, case.carry, inputs)
        differs = first_difference(plain[:, :end], other[:, :end])
        if differs is not None:
            t, gap = differs
            return Failure(
                "padding changes what comes before it",
                f"with zeros from step {end} on the output at step {t} changes by "
                f"{gap:.2g}",
                "outputs do not depend on what follows",
            )
    return None


def _ahead(case: "Case", inputs: np.ndarray) -> tuple[int, int, int, str] | None:
    """(steps, output's step, input's step, evidence) where an output looks ahead."""
    num_steps = inputs.shape[1]
    if case.interface.vocabulary_size:
        return _ahead_of_tokens(case, inputs)
    reached = _derivatives(case, inputs)
    ahead = np.triu(reached, 1)
    places = np.argwhere(ahead > NOTHING * reached.max())
    if not len(places):
        return None
    t, s = map(int, places[0])
    return num_steps, t, s, f"|dy/dx| = {reached[t, s]:.2g}"


def _ahead_of_tokens(
    case: "Case", inputs: np.ndarray
) -> tuple[int, int, int, str] | None:
    before, _ = case.apply(case.params, case.carry, inputs)
    for s in range(1, inputs.shape[1]):
        changed = inputs.copy()
        changed[:, s] = others(case, changed[:, s])
        after, _ = case.apply(case.params, case.carry, changed)
        differs = first_difference(before[:, :s], after[:, :s])
        if differs is not None:
            how = f"another token there changes it by {differs[1]:.2g}"
            return inputs.shape[1], differs[0], s, how
    return None


def _derivatives(case: "Case", inputs: np.ndarray) -> np.ndarray:
    """The largest |dy_t/dx_s| at [t, s], of each example with itself."""

    def sums(inputs: Any) -> Any:
        outputs, _ = case.model.apply(case.params, case.carry, inputs, None, None)
        return jnp.sum(outputs, axis=2)

    jacobian = np.abs(compile_once(jax.jacrev(sums))(jnp.asarray(inputs)))
    return np.max([jacobian[b, :, b].max(axis=-1) for b in range(len(inputs))], axis=0)
