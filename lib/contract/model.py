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

from lib.contract import past, sequence
from lib.contract.failure import Failure, compile_once, failure_of, find_failures
from lib.setting import settings_of
from lib.types import Interface, Model

B, T = 2, 8
LONG = 70  # steps: more than a chunk of 16, 32 or 64, and no multiple of one
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
    carry: PyTree
    apply: Callable[..., Any]  # (params, carry, inputs, reset) -> (outputs, carry)
    step: Callable[..., Any]  # (params, carry, x) -> (carry, y)


def check_model(
    factory: Callable[..., Model],
    interface: Interface,
    settings: Mapping[str, Any],
    path: Path | None = None,
) -> list[Failure]:
    """Every property of the contract that a factory's model breaks.

    `path` is the file whose lines are named in errors.
    """
    return list(model_failures(factory, interface, settings, path))


def model_failures(
    factory: Callable[..., Model],
    interface: Interface,
    settings: Mapping[str, Any],
    path: Path | None = None,
) -> Iterator[Failure]:
    """The same, one after another: shapes first, then what needs to be computed."""
    try:
        case = _make_case(factory, interface, settings)
    except Exception as error:
        yield failure_of(error, "Build it, draw its parameters", path)
        return
    if isinstance(case, Failure):
        yield case
        return
    found = list(find_failures(SHAPES, case, path))
    yield from found
    if not found:  # else the rest would only say so again
        yield from find_failures(NUMBERS, case, path)


def draw_inputs(interface: Interface, num_steps: int, seed: int = 0) -> np.ndarray:
    """Random inputs [B, T] or [B, T, D] of an interface."""
    random = np.random.default_rng(seed)
    if interface.vocabulary_size:
        tokens = random.integers(0, interface.vocabulary_size, (B, num_steps))
        return tokens.astype(np.int32)
    shape = (B, num_steps, interface.input_size)
    return random.normal(size=shape).astype(np.float32)


def _make_case(
    factory: Callable[..., Model], interface: Interface, settings: Mapping[str, Any]
) -> Case | Failure:
    known = settings_of(factory)
    filled = {name: setting.default for name, setting in known.items()} | {**settings}
    traced = {n: jnp.float32(v) for n, v in filled.items() if known[n].traced}
    make = lambda scalars: factory(interface, **{**filled, **scalars})
    model = make(traced)
    if not isinstance(model, Model):
        got = type(model).__name__
        return Failure("is no model", f"the factory returns {got}", "a lib.types.Model")
    if not model.causal:
        return Failure(
            "reads ahead by its own word", "causal is False", "a model with causal=True"
        )
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
    return Case(make, traced, interface, model, params, inputs, longer, carry, *forms)


def _stirred(params: PyTree) -> PyTree:
    """Parameters a little beside their initial values: zeros would hide mistakes."""
    random = np.random.default_rng(1)

    def stir(leaf: jax.Array) -> jax.Array:
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            return leaf
        return leaf + jnp.asarray(random.normal(0, 0.05, leaf.shape), leaf.dtype)

    return jax.tree.map(stir, params)


def _shapes(case: Case) -> Failure | None:
    """Shapes of the outputs."""
    size = case.interface.output_size
    for num_steps in (1, 2, T):
        inputs = draw_inputs(case.interface, num_steps)
        outputs, _ = jax.eval_shape(case.apply, case.params, case.carry, inputs)
        wanted = (B, num_steps, size)
        said = f"with inputs {list(inputs.shape)} apply returns {_describe(outputs)}"
        allowed = f"floats of shape [B, T, V] = {list(wanted)}"
        if getattr(outputs, "shape", None) != wanted:
            return Failure("outputs have another shape", said, allowed)
        if not jnp.issubdtype(outputs.dtype, jnp.floating):
            return Failure("outputs are no floats", said, allowed)
    return None


def _step(case: Case) -> Failure | None:
    """The step form, which reads one step."""
    size = case.interface.output_size
    _, y = jax.eval_shape(case.step, case.params, case.carry, case.inputs[:, 0])
    if getattr(y, "shape", None) != (B, size):
        said = f"for one step of {B} examples step returns {_describe(y)}"
        return Failure("outputs have another shape", said, f"[B, V] = {[B, size]}")
    return None


def _carry(case: Case) -> Failure | None:
    """The carry's structure and shapes."""
    _, after = jax.eval_shape(case.apply, case.params, case.carry, case.inputs)
    stepped, _ = jax.eval_shape(case.step, case.params, case.carry, case.inputs[:, 0])
    for form, carry in (("apply", after), ("step", stepped)):
        before, now = _describe(case.carry), _describe(carry)
        if before != now:
            return Failure(
                "the carry changes its structure",
                f"initial gives {before}, after one call of {form} it is {now}",
                "the same tree of shapes and types, so that steps can follow steps",
            )
    for leaf in jax.tree.leaves(case.carry):
        if np.shape(leaf)[:1] != (B,):
            return Failure(
                "the carry has no batch axis",
                f"initial of {B} examples gives {_describe(case.carry)}",
                "every array of it has the examples first",
            )
    return None


def _traced(case: Case) -> Failure | None:
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


SHAPES = (_shapes, _step, _carry, _traced)
NUMBERS = (
    *(sequence.finite, past.causal, past.field, sequence.apart),
    *(sequence.stepped, sequence.carried, sequence.reset),
    *(past.padded, sequence.compiled),
)
