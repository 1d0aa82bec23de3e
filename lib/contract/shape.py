"""Shapes of a model's outputs and carry, by tracing alone."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract.difference import draw_inputs
from lib.contract.failure import STEP, Failure, count_steps

if TYPE_CHECKING:
    from lib.contract.model import Case


def outputs(case: "Case") -> Failure | None:
    """Shapes of the outputs."""
    batch_size, most = case.inputs.shape[:2]
    for num_steps in (1, 2, most):
        inputs = draw_inputs(case.interface, num_steps)
        found, _ = jax.eval_shape(case.apply, case.params, case.carry, inputs)
        wanted = (batch_size, num_steps, case.interface.output_size)
        said = (
            f"with {count_steps(num_steps)}, inputs {list(inputs.shape)}, apply "
            f"returns {_describe(found)}"
        )
        allowed = f"floats of shape [B, T, V] = {list(wanted)}"
        if getattr(found, "shape", None) != wanted:
            return Failure("outputs have another shape", said, allowed)
        if not jnp.issubdtype(found.dtype, jnp.floating):
            return Failure("outputs are no floats", said, allowed)
    return None


def step(case: "Case") -> Failure | None:
    """The step form, which reads one step."""
    wanted = len(case.inputs), case.interface.output_size
    try:
        _, y = jax.eval_shape(case.step, case.params, case.carry, case.inputs[:, 0])
    except NotImplementedError as error:
        said = f"step raises NotImplementedError: {error}"
        return Failure("has no step form", said, STEP)
    if getattr(y, "shape", None) != wanted:
        said = f"for one step of {wanted[0]} examples step returns {_describe(y)}"
        return Failure("outputs have another shape", said, f"[B, V] = {list(wanted)}")
    return None


def carry(case: "Case") -> Failure | None:
    """The carry's structure and shapes."""
    _, after = jax.eval_shape(case.apply, case.params, case.carry, case.inputs)
    stepped, _ = jax.eval_shape(case.step, case.params, case.carry, case.inputs[:, 0])
    for form, found in (("apply", after), ("step", stepped)):
        before, now = _describe(case.carry), _describe(found)
        if before != now:
            return Failure(
                "the carry changes its structure",
                f"initial gives {before}, after one call of {form} it is {now}",
                "the same tree of shapes and types, so that steps can follow steps",
            )
    batch_size = len(case.inputs)
    for leaf in jax.tree.leaves(case.carry):
        if np.shape(leaf)[:1] != (batch_size,):
            return Failure(
                "the carry has no batch axis",
                f"initial of {batch_size} examples gives {_describe(case.carry)}",
                "every array of it has the examples first",
            )
    return None


def traced(case: "Case") -> Failure | None:
    """Settings of type TracedFloat used as tracers."""
    if case.traced:
        initial = lambda traced: case.make(traced).initial(case.params, case.inputs)
        jax.eval_shape(initial, case.traced)
        whole = lambda traced: case.make(traced).apply(
            case.params, case.carry, jnp.asarray(case.inputs), None, None
        )
        jax.eval_shape(whole, case.traced)
    return None


def _describe(tree: PyTree) -> str:
    """The shapes and types of a pytree, in its structure."""
    name = lambda leaf: f"{np.dtype(leaf.dtype).name}{list(leaf.shape)}"
    shapes = jax.eval_shape(lambda: tree) if not _is_shaped(tree) else tree
    return str(jax.tree.map(name, shapes)).replace("'", "")


def _is_shaped(tree: PyTree) -> bool:
    return all(isinstance(x, jax.ShapeDtypeStruct) for x in jax.tree.leaves(tree))
