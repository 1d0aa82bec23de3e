"""Holds a model against a float64 loop: its outputs, and its gradients along lines."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lib.types import Interface, Model
from tests.reference import slope

INTERFACE = Interface(vocabulary_size=0, input_size=3, output_size=2)
NUM_EXAMPLES, NUM_STEPS = 2, 11

# (params, x [T, D], carry of one example) -> the last layer's outputs [T, H]
Loop = Callable[[Any, np.ndarray, Any], np.ndarray]


def check_agreement(
    model: Model, loop: Loop, start: Callable[[Any], Any] = lambda carry: carry
) -> None:
    """Outputs to 1e-5 of their size, slopes to 1e-4: sums over T float32 roundings.

    `start` makes of a drawn carry one that there can be: where a part is positive, say.
    """
    params, x, carry = _point(model)
    carry = start(carry)
    weights = _like(np.zeros((NUM_EXAMPLES, NUM_STEPS, INTERFACE.output_size)), 3)

    def loss(params: Any, x: Any, carry: Any) -> Any:
        y, _ = model.apply(params, carry, x, None, None)
        return jnp.sum(y * weights.astype(np.float32)), y

    differentiate = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True))
    (_, y), gradient = differentiate(params, x, carry)

    def outputs_64(point: Any) -> np.ndarray:
        params, x, carry = point
        examples = []
        for b in range(NUM_EXAMPLES):
            own = jax.tree.map(lambda leaf, b=b: leaf[b], carry)
            h = loop(params, x[b], own)
            examples.append(h @ params["V"] + params["c"])
        return np.array(examples)

    point = jax.tree.map(_wide, (params, x, carry))
    expected = outputs_64(point)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    for seed in range(4):
        direction = jax.tree.map(lambda leaf, seed=seed: _like(leaf, seed), point)
        reached = sum(
            float(np.sum((_wide(g) * v).real))
            for g, v in zip(
                jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True
            )
        )
        truth = slope(
            lambda p: float(np.sum(outputs_64(p) * weights)), point, direction
        )
        np.testing.assert_allclose(reached, truth, rtol=1e-4, atol=1e-4)


def _point(model: Model) -> tuple[Any, Any, Any]:
    """Parameters, inputs and a carry, none of them at a special value such as zero."""
    shape = (NUM_EXAMPLES, NUM_STEPS, INTERFACE.input_size)
    x = jnp.asarray(_like(np.zeros(shape), 0), jnp.float32)
    params = jax.eval_shape(model.init, jax.random.key(0), x)
    carry = jax.eval_shape(model.initial, params, x)

    def draw(leaf: Any) -> Any:
        return jnp.asarray(0.4 * _like(np.zeros(leaf.shape, leaf.dtype), 1), leaf.dtype)

    return jax.tree.map(draw, params), x, jax.tree.map(draw, carry)


def _wide(leaf: Any) -> np.ndarray:
    return np.asarray(leaf, np.complex128 if np.iscomplexobj(leaf) else np.float64)


def _like(leaf: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng([seed, *leaf.shape])
    value = random.normal(size=leaf.shape)
    return (
        value + 1j * random.normal(size=leaf.shape) if np.iscomplexobj(leaf) else value
    )
