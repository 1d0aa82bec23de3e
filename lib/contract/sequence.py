"""One function in all its uses: whole, in steps, in parts, with resets, compiled."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract.difference import (
    CLOSE,
    first_bad,
    first_difference,
    not_finite,
    others,
)
from lib.contract.failure import Failure, compile_once, count_steps

if TYPE_CHECKING:
    from lib.contract.model import Case

HALF = 4  # of the steps of a case


def finite(case: "Case") -> Failure | None:
    """Finite outputs."""
    for inputs in (case.longer, case.far):
        outputs, _ = case.apply(case.params, case.carry, inputs)
        if (failure := not_finite(outputs)) is not None:
            return failure
    return None


def gradients(case: "Case") -> Failure | None:
    """Finite gradients."""
    inputs = jnp.asarray(case.longer)

    def loss(params: PyTree) -> Any:
        carry = case.model.initial(params, inputs)
        outputs, _ = case.model.apply(params, carry, inputs, None, None)
        return jnp.mean(jnp.square(outputs))

    gradient = compile_once(jax.grad(loss))(case.params)
    for place, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        if not np.isfinite(leaf).all():
            name = jax.tree_util.keystr(place)
            said = f"over {inputs.shape[1]} steps the derivative of params{name} is "
            return Failure(
                "gradients are not finite", f"{said}{first_bad(leaf)}", "finite"
            )
    return None


def apart(case: "Case") -> Failure | None:
    """Examples of a batch that do not mix."""
    found = None
    for num_steps in (case.inputs.shape[1], 1):  # one step, where it shows there too
        inputs = case.inputs[:, :num_steps].copy()
        before, _ = case.apply(case.params, case.carry, inputs)
        inputs[1] = others(case, inputs[1])
        after, _ = case.apply(case.params, case.carry, inputs)
        differs = first_difference(before[:1], after[:1])
        if differs is None:
            break
        t, gap = differs
        found = Failure(
            "examples mix",
            f"in a batch of 2 with {count_steps(num_steps)} the output of example 0 at "
            f"step {t} changes by {gap:.2g} when only example 1 is another",
            "an example's output depends on that example alone",
        )
    return found


def stepped(case: "Case") -> Failure | None:
    """Step by step as the whole sequence."""
    return _stepped(case, case.inputs) or _stepped(case, case.longer)


def _stepped(case: "Case", inputs: np.ndarray) -> Failure | None:
    whole, last = case.apply(case.params, case.carry, inputs)
    carry, steps = case.carry, []
    for t in range(inputs.shape[1]):
        carry, y = case.step(case.params, carry, inputs[:, t])
        steps.append(y)
    differs = first_difference(whole, np.stack(steps, axis=1))
    if differs is not None:
        t, gap = differs
        # A longer one may be read in chunks, which fewer steps need not show.
        num_steps = t + 1 if inputs is case.inputs else inputs.shape[1]
        return Failure(
            "steps are not the whole sequence",
            f"with {count_steps(num_steps)} the output of step at step {t} is "
            f"{gap:.2g} beside that of apply",
            f"equal to {CLOSE:g} of the largest output",
        )
    for one, other in zip(jax.tree.leaves(last), jax.tree.leaves(carry), strict=True):
        gap = float(np.max(np.abs(np.subtract(one, other, dtype=complex)), initial=0))
        if not gap <= CLOSE * max(1.0, float(np.max(np.abs(other), initial=0))):
            return Failure(
                "steps are not the whole sequence",
                f"after {len(steps)} steps the carry of step is {gap:.2g} beside that "
                "of apply",
                f"equal to {CLOSE:g} of the largest number",
            )
    return None


def carried(case: "Case") -> Failure | None:
    """A sequence in two halves as in one."""
    whole, _ = case.apply(case.params, case.carry, case.inputs)
    first, carry = case.apply(case.params, case.carry, case.inputs[:, :HALF])
    second, _ = case.apply(case.params, carry, case.inputs[:, HALF:])
    differs = first_difference(whole, np.concatenate([first, second], axis=1))
    if differs is None:
        return None
    t, gap = differs
    return Failure(
        "the carry does not go on",
        f"in two calls of {HALF} steps, the second from the first's carry, the output "
        f"at step {t} differs by {gap:.2g} from that of one call",
        f"equal to {CLOSE:g} of the largest output",
    )


def reset(case: "Case") -> Failure | None:
    """Resets that isolate what follows from what was before."""
    where = np.zeros(case.inputs.shape[:2], bool)
    where[0, HALF] = True
    plain, _ = case.apply(case.params, case.carry, case.inputs)
    found, _ = case.apply(case.params, case.carry, case.inputs, where)
    fresh, _ = case.apply(case.params, case.carry, case.inputs[:, HALF:])
    wanted = np.array(plain)
    wanted[0, HALF:] = fresh[0]
    for example, what in ((0, "as from the initial state"), (1, "as without a reset")):
        pair = wanted[example, None], np.asarray(found)[example, None]
        if (differs := first_difference(*pair)) is not None:
            t, gap = differs
            return Failure(
                "resets do not isolate",
                f"with a reset of example 0 at step {HALF} the output of example "
                f"{example} at step {t} is off by {gap:.2g}",
                what,
            )
    return None


def compiled(case: "Case") -> Failure | None:
    """The same numbers under jit as without, and at every call."""
    inputs = jnp.asarray(case.inputs[:, :HALF])
    outputs, _ = case.apply(case.params, case.carry, case.inputs[:, :HALF])
    with jax.disable_jit():
        eager, _ = case.model.apply(case.params, case.carry, inputs, None, None)
    differs = first_difference(outputs, eager)
    if differs is None:
        return None
    t, gap = differs
    return Failure(
        "jit changes it",
        f"the output at step {t} is {gap:.2g} beside that without jit",
        "a pure function: random numbers come from the key",
    )
