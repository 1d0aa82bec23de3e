"""What a model costs, computed from its program and not typed in by hand."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lib.types import Interface, Model, Task

# One operation for each number they put out; transcendental functions count as one.
_ELEMENTWISE = frozenset(
    "add sub mul div neg max min exp log log1p expm1 tanh logistic sqrt rsqrt pow "
    "integer_pow sin cos erf abs sign select_n square complex real imag".split()
)


def model_cost(model: Model, interface: Interface) -> dict[str, Any]:
    """Parameters, state size (numbers carried a sequence) and FLOPs a token.

    FLOPs are those of the step form for one token, two for a multiply and add: for a
    convolution or a window that is what the output at one position needs. What a model
    works out of its weights once for a whole sequence (`Model.prepared`) is no part of
    a token. A model without a step form is counted over a sequence of one token. A
    picture counts as one token; before words it is read once, in `flops_per_image`.
    """
    shapes = _shapes(model, interface)
    cost = {
        "parameters": _num_reals(shapes.params),
        "state_size": _num_reals(shapes.carry),
        "flops_per_token": _token_flops(model, shapes),
        "receptive_field": model.receptive_field,
    }
    if interface.image and interface.vocabulary_size:
        cost["flops_per_image"] = count_flops(
            model.initial, shapes.params, shapes.window
        )
    return cost


def count_cost(kind: str, model: Model, interface: Interface) -> int:
    """One of the costs of `model_cost` alone: the other ones take a while to count."""
    if kind == "parameters":
        window = _window(interface, _one_step(interface))
        return _num_reals(jax.eval_shape(model.init, jax.random.key(0), window))
    shapes = _shapes(model, interface)
    if kind == "flops_per_token":
        return _token_flops(model, shapes)
    return _num_reals(shapes.carry)


class _Shapes(NamedTuple):
    token: Any  # the inputs of one example at one step
    window: Any  # and of a whole example of one step
    params: Any
    carry: Any


def _shapes(model: Model, interface: Interface) -> _Shapes:
    token = _one_step(interface)
    window = _window(interface, token)
    params = jax.eval_shape(model.init, jax.random.key(0), window)
    carry = jax.eval_shape(model.initial, params, window)
    return _Shapes(token, window, params, carry)


def _token_flops(model: Model, shapes: _Shapes) -> int:
    weights, step = shapes.params, model.step
    if model.prepared and not model.prepared.looks_up:
        weights = jax.eval_shape(model.prepared.prepare, weights)
        step = model.prepared.step

    def one_token(weights: Any, carry: Any) -> Any:
        if model.causal:
            return step(weights, carry, shapes.token)
        return model.apply(weights, carry, shapes.window, None, None)

    return count_flops(one_token, weights, shapes.carry)


def tokens_per_example(task: Task) -> int:
    """What an example counts for in tokens seen: its length, or one picture."""
    is_picture = task.interface.image and not task.interface.vocabulary_size
    return 1 if is_picture else task.max_length


def count_flops(function: Callable[..., Any], *args: Any) -> int:
    """Floating-point operations of one call, counted from its jaxpr, loops unrolled."""
    return _flops(jax.make_jaxpr(function)(*args).jaxpr)


def _flops(jaxpr: Any) -> int:
    return sum(_equation_flops(equation) for equation in jaxpr.eqns)


def _equation_flops(equation: Any) -> int:
    if not equation.outvars:
        return 0
    name, out = equation.primitive.name, equation.outvars[0].aval
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        left = equation.invars[0].aval
        depth = prod(left.shape[axis] for axis in contracted)
        return 2 * depth * prod(out.shape) * _reals_squared(out.dtype)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval
        spec = equation.params["dimension_numbers"].rhs_spec
        return 2 * prod(out.shape) * prod(kernel.shape) // kernel.shape[spec[0]]
    if name in _ELEMENTWISE and jnp.issubdtype(out.dtype, jnp.inexact):
        return prod(out.shape) * _reals(out.dtype)
    repeats = equation.params.get("length", 1) if name == "scan" else 1
    return repeats * sum(_flops(inner) for inner in _inner(equation.params))


def _inner(params: dict[str, Any]) -> list[Any]:
    jaxprs = []
    for value in params.values():
        for item in value if isinstance(value, (tuple, list)) else (value,):
            item = getattr(item, "jaxpr", item)
            if hasattr(item, "eqns"):
                jaxprs.append(item)
    return jaxprs


def _window(interface: Interface, token: Any) -> Any:
    """The inputs of one example of one token."""
    if not interface.image:
        return token[:, None]
    image = jnp.zeros((1, *interface.image), jnp.float32)
    if not interface.vocabulary_size:
        return image
    return {"image": image, "tokens": token[:, None]}


def _one_step(interface: Interface) -> Any:
    if interface.vocabulary_size:
        return jnp.zeros((1,), jnp.int32)
    return jnp.zeros((1, interface.input_size), jnp.float32)


def _num_reals(tree: Any) -> int:
    return sum(prod(x.shape) * _reals(x.dtype) for x in jax.tree.leaves(tree))


def _reals(dtype: Any) -> int:
    return 2 if jnp.issubdtype(dtype, jnp.complexfloating) else 1


def _reals_squared(dtype: Any) -> int:
    return 4 if jnp.issubdtype(dtype, jnp.complexfloating) else 1
