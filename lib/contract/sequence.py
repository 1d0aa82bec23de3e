"""What the numbers of a model of sequences must keep to, whatever it computes."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract.failure import Failure, compile_once

if TYPE_CHECKING:
    from lib.contract.model import Case

CLOSE = 1e-4  # relative: float32 sums in another order, over several layers
NOTHING = 1e-5  # of the largest derivative: a convolution by FFT leaks so much
LONG = 64  # steps over which numbers and gradients must stay finite
HALF = 4  # of the steps of a case


def finite(case: "Case") -> Failure | None:
    """Finite outputs and gradients."""
    inputs = _longer(case.inputs, LONG)

    def loss(params: PyTree) -> Any:
        carry = case.model.initial(params, jnp.asarray(inputs))
        outputs, _ = case.model.apply(params, carry, jnp.asarray(inputs), None, None)
        return jnp.mean(jnp.square(outputs)), outputs

    compiled = compile_once(jax.value_and_grad(loss, has_aux=True))
    (_, outputs), gradient = compiled(case.params)
    bad = np.argwhere(~np.isfinite(outputs).all(axis=(0, 2)))
    if len(bad):
        step = int(bad[0, 0])
        value = _first_bad(outputs[:, step])
        said = f"with {step + 1} steps the output at step {step} is {value}"
        return Failure("outputs are not finite", said, "finite numbers")
    for place, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        if not np.isfinite(leaf).all():
            name = jax.tree_util.keystr(place)
            said = f"over {LONG} steps the derivative of params{name} is "
            return Failure(
                "gradients are not finite", said + str(_first_bad(leaf)), "finite"
            )
    return None


def causal(case: "Case") -> Failure | None:
    """No look at later inputs, by derivative or by substitution."""
    found = _ahead(case, case.inputs)
    if found is None:
        return None
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


def apart(case: "Case") -> Failure | None:
    """Examples of a batch that do not mix."""
    found = None
    for num_steps in (case.inputs.shape[1], 1):  # one step, where it shows there too
        inputs = case.inputs[:, :num_steps].copy()
        before, _ = case.apply(case.params, case.carry, inputs)
        inputs[1] = _others(case, inputs[1])
        after, _ = case.apply(case.params, case.carry, inputs)
        differs = _first_difference(before[:1], after[:1])
        if differs is None:
            break
        t, gap = differs
        found = Failure(
            "examples mix",
            f"in a batch of 2 with {num_steps} steps the output of example 0 at "
            f"step {t} changes by {gap:.2g} when only example 1 is another",
            "an example's output depends on that example alone",
        )
    return found


def stepped(case: "Case") -> Failure | None:
    """Step by step as the whole sequence."""
    whole, last = case.apply(case.params, case.carry, case.inputs)
    carry, steps = case.carry, []
    for t in range(case.inputs.shape[1]):
        carry, y = case.step(case.params, carry, case.inputs[:, t])
        steps.append(y)
    differs = _first_difference(whole, np.stack(steps, axis=1))
    if differs is not None:
        t, gap = differs
        return Failure(
            "steps are not the whole sequence",
            f"with {t + 1} steps the output of step at step {t} is {gap:.2g} beside "
            "that of apply",
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
    differs = _first_difference(whole, np.concatenate([first, second], axis=1))
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
        if (differs := _first_difference(*pair)) is not None:
            t, gap = differs
            return Failure(
                "resets do not isolate",
                f"with a reset of example 0 at step {HALF} the output of example "
                f"{example} at step {t} is off by {gap:.2g}",
                what,
            )
    return None


def padded(case: "Case") -> Failure | None:
    """Right padding that changes nothing before it."""
    for end in range(1, case.inputs.shape[1]):
        inputs = case.inputs.copy()
        inputs[:, end:] = 0
        plain, _ = case.apply(case.params, case.carry, case.inputs)
        other, _ = case.apply(case.params, case.carry, inputs)
        differs = _first_difference(plain[:, :end], other[:, :end])
        if differs is not None:
            t, gap = differs
            return Failure(
                "padding changes what comes before it",
                f"with zeros from step {end} on the output at step {t} changes by "
                f"{gap:.2g}",
                "outputs do not depend on what follows",
            )
    return None


def compiled(case: "Case") -> Failure | None:
    """The same numbers under jit as without, and at every call."""
    inputs = jnp.asarray(case.inputs[:, :HALF])
    outputs, _ = case.apply(case.params, case.carry, case.inputs[:, :HALF])
    with jax.disable_jit():
        eager, _ = case.model.apply(case.params, case.carry, inputs, None, None)
    differs = _first_difference(outputs, eager)
    if differs is None:
        return None
    t, gap = differs
    return Failure(
        "jit changes it",
        f"the output at step {t} is {gap:.2g} beside that without jit",
        "a pure function: random numbers come from the key",
    )


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
        changed[:, s] = _others(case, changed[:, s])
        after, _ = case.apply(case.params, case.carry, changed)
        differs = _first_difference(before[:, :s], after[:, :s])
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


def _others(case: "Case", inputs: np.ndarray) -> np.ndarray:
    """Inputs that differ everywhere."""
    size = case.interface.vocabulary_size
    return (inputs + 1) % size if size else -inputs - 1


def _longer(inputs: np.ndarray, num_steps: int) -> np.ndarray:
    repeats = -(-num_steps // inputs.shape[1])
    return np.concatenate([inputs] * repeats, axis=1)[:, :num_steps]


def _first_difference(one: Any, other: Any) -> tuple[int, float] | None:
    """The first step at which outputs [B, T, V] differ, and by how much."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    gap = np.abs(one - other).max(axis=(0, 2))
    places = np.argwhere(~(gap <= CLOSE * max(1.0, np.abs(other).max())))
    return (int(places[0, 0]), float(gap[places[0, 0]])) if len(places) else None


def _first_bad(values: Any) -> float:
    values = np.asarray(values)
    return values[~np.isfinite(values)].ravel()[0].item()
