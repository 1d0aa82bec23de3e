"""What a model of sequences must keep to: shapes, causality, one form for all uses.

Each check returns the broken property with its smallest example, or None.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from lib.contract import past, sequence, shape
from lib.contract.difference import draw_inputs
from lib.contract.failure import (
    STEP,
    Failure,
    compile_once,
    failure_of,
    find_failures,
)
from lib.setting import settings_of
from lib.types import Interface, Model

T = 8
LONG = 70  # steps: more than a chunk of 16, 32 or 64, and no multiple of one
FAR = 256  # steps, over which alone is looked for a look ahead, if nothing else is said
FARTHEST = 512  # the most of them
FUNCTIONS = {  # of a model, which must be there
    "init": "init(key, inputs) -> params",
    "initial": "initial(params, inputs) -> carry",
    "apply": "apply(params, carry, inputs, reset, key) -> (outputs [B, T, V], carry)",
    "step": STEP,
}
TOKENS = Interface(vocabulary_size=5, input_size=5, output_size=4)
FLOATS = Interface(vocabulary_size=0, input_size=3, output_size=4)


class Case(NamedTuple):
    """A model with parameters, inputs of T steps and its compiled forms."""

    make: Callable[[Mapping[str, Any]], Model]  # of the traced settings
    traced: dict[str, Any]
    interface: Interface
    model: Model
    params: PyTree
    inputs: np.ndarray  # [B, T] or [B, T, D]
    longer: np.ndarray  # the same of LONG steps
    far: np.ndarray  # the same of at least as many
    carry: PyTree
    apply: Callable[..., Any]  # (params, carry, inputs, reset) -> (outputs, carry)
    step: Callable[..., Any]  # (params, carry, x) -> (carry, y)


def check_model(
    factory: Callable[..., Model],
    interface: Interface,
    settings: Mapping[str, Any],
    path: Path | None = None,
    num_steps: int = FAR,
) -> list[Failure]:
    """Every property of the contract that a factory's model breaks.

    `path` is the file whose lines are named in errors, `num_steps` the most that the
    model is to be used with: a look ahead is looked for over so many, at most FARTHEST.
    """
    return list(model_failures(factory, interface, settings, path, num_steps))


def model_failures(
    factory: Callable[..., Model],
    interface: Interface,
    settings: Mapping[str, Any],
    path: Path | None = None,
    num_steps: int = FAR,
) -> Iterator[Failure]:
    """The same, one after another: causes first, and no consequence of one found."""
    try:
        case = _make_case(factory, interface, settings, num_steps)
    except Exception as error:
        yield failure_of(error, "Build it, draw its parameters", path)
        return
    if isinstance(case, Failure):
        yield case
        return
    yield from find_failures(STAGES, case, path)


def _make_case(
    factory: Callable[..., Model],
    interface: Interface,
    settings: Mapping[str, Any],
    num_steps: int,
) -> Case | Failure:
    known = settings_of(factory)
    filled = {name: setting.default for name, setting in known.items()} | {**settings}
    traced = {n: jnp.float32(v) for n, v in filled.items() if known[n].traced}
    make = lambda scalars: factory(interface, **{**filled, **scalars})
    model = make(traced)
    if (failure := _no_model(model)) is not None:
        return failure
    inputs = draw_inputs(interface, T)
    params = jax.jit(model.init)(jax.random.key(0), inputs)
    for place, leaf in jax.tree_util.tree_leaves_with_path(params):
        if not np.isfinite(leaf).all():
            name = jax.tree_util.keystr(place)
            return Failure("numbers not finite", f"params{name} of init", "finite")
    params = _stirred(params)
    apply = lambda p, c, x, reset=None: model.apply(p, c, x, reset, None)
    carry = model.initial(params, inputs)
    forms = compile_once(apply), compile_once(model.step)
    longer = draw_inputs(interface, LONG, seed=2)
    far = draw_inputs(interface, max(LONG, min(num_steps, FARTHEST)), seed=3)
    return Case(
        make, traced, interface, model, params, inputs, longer, far, carry, *forms
    )


def _no_model(model: Any) -> Failure | None:
    """What is missing in what a factory returns."""
    if not isinstance(model, Model):
        got = type(model).__name__
        return Failure("is no model", f"the factory returns {got}", "a lib.types.Model")
    if not model.causal:
        return Failure(
            "reads ahead by its own word", "causal is False", "a model with causal=True"
        )
    for name, allowed in FUNCTIONS.items():
        if not callable(function := getattr(model, name)):
            what = "step form" if name == "step" else name
            return Failure(f"has no {what}", f"{name} is {function!r}", allowed)
    return None


def _stirred(params: PyTree) -> PyTree:
    """Parameters a little beside their initial values: zeros would hide mistakes."""
    random = np.random.default_rng(1)

    def stir(leaf: jax.Array) -> jax.Array:
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            return leaf
        return leaf + jnp.asarray(random.normal(0, 0.05, leaf.shape), leaf.dtype)

    return jax.tree.map(stir, params)


# Each stage is checked only where those before it hold: shapes before numbers, numbers
# before comparisons, and what reaches across steps or examples before what follows.
STAGES = (
    (shape.outputs, shape.step, shape.traced),
    (shape.carry,),
    (sequence.finite,),
    (past.causal, sequence.apart, sequence.compiled, sequence.gradients),
    (past.padded,),
    (past.field, sequence.stepped, sequence.carried, sequence.reset),
)
