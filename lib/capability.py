"""What a model of sequences can do, found by asking it.

A model is asked by tracing it on shapes alone: nothing is trained or compiled. Only two
facts are declared, because no shape shows them: `Model.causal`, which the contract
tests hold against the gradient, and whether a family computes all steps at once.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lib.cost import model_cost
from lib.registry import FAMILIES, PARALLEL
from lib.types import Interface, Model

_STEPS = 4  # of the sequence that a model is asked about


class Capability(NamedTuple):
    """What a model of sequences can do, and what that costs."""

    causal: bool  # an output depends on no later input
    step: bool  # reads one input at a time
    constant_state: bool  # what it carries does not grow: a stream of any length
    resets: bool  # starts again inside a sequence, where it is told to
    receptive_field: int | None  # inputs an output can depend on; None: all past
    parameters: int
    state_size: int  # numbers carried for each sequence
    flops_per_token: int


def capability(model: Model, interface: Interface) -> Capability:
    """What a model of sequences can do with a task's inputs."""
    cost, shapes = model_cost(model, interface), _shapes(model, interface)
    constant, resets = _read_whole(model, *shapes)
    return Capability(
        model.causal,
        model.causal and _reads_one(model, interface, *shapes),
        model.causal and constant,
        model.causal and resets,
        cost["receptive_field"],
        cost["parameters"],
        cost["state_size"],
        cost["flops_per_token"],
    )


def is_parallel(name: str) -> bool:
    """Whether a registered model computes all steps of a sequence at once."""
    return any(name in FAMILIES[family] for family in PARALLEL)


def has_step(model: Model, interface: Interface) -> bool:
    """Whether `step` reads one input, answers it, and leaves the carry as it was."""
    return _reads_one(model, interface, *_shapes(model, interface))


def has_constant_state(model: Model, interface: Interface) -> bool:
    """Whether the carry after a sequence is of the size of the one before it."""
    return _read_whole(model, *_shapes(model, interface))[0]


def has_resets(model: Model, interface: Interface) -> bool:
    """Whether the outputs depend on where a reset is."""
    return _read_whole(model, *_shapes(model, interface))[1]


def _shapes(model: Model, interface: Interface) -> tuple[Any, Any, Any]:
    """Parameters, carry and inputs of one short sequence."""
    size = () if interface.vocabulary_size else (interface.input_size,)
    dtype = jnp.int32 if interface.vocabulary_size else jnp.float32
    inputs = jax.ShapeDtypeStruct((1, _STEPS, *size), dtype)
    params = jax.eval_shape(model.init, jax.random.key(0), inputs)
    return params, jax.eval_shape(model.initial, params, inputs), inputs


def _reads_one(
    model: Model, interface: Interface, params: Any, carry: Any, inputs: Any
) -> bool:
    x = jax.ShapeDtypeStruct((1, *inputs.shape[2:]), inputs.dtype)
    try:
        after, y = jax.eval_shape(model.step, params, carry, x)
    except (ValueError, TypeError, NotImplementedError, AttributeError):
        return False
    return _alike(after, carry) and y.shape == (1, interface.output_size)


def _read_whole(
    model: Model, params: Any, carry: Any, inputs: Any
) -> tuple[bool, bool]:
    """Whether the carry keeps its size, and whether the outputs depend on resets."""

    def read(reset: Any, params: Any, carry: Any, inputs: Any) -> Any:
        return model.apply(params, carry, inputs, reset, None)

    reset = jax.ShapeDtypeStruct((1, _STEPS), jnp.bool_)
    program, after = jax.make_jaxpr(read, return_shape=True)(
        reset, params, carry, inputs
    )
    reached = {id(program.jaxpr.invars[0])}
    for equation in program.jaxpr.eqns:
        if any(id(variable) in reached for variable in equation.invars):
            reached |= {id(variable) for variable in equation.outvars}
    outputs = program.jaxpr.outvars[: len(jax.tree.leaves(after[0]))]
    return _alike(after[1], carry), any(id(v) in reached for v in outputs)


def _alike(a: Any, b: Any) -> bool:
    """Whether two trees of shapes are the same."""
    leaves = lambda tree: [(x.shape, x.dtype) for x in jax.tree.leaves(tree)]
    same = jax.tree.structure(a) == jax.tree.structure(b)
    return same and leaves(a) == leaves(b)
