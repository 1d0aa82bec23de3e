"""The gradient's way back through time: |dE_T/dh_t| against the lag T - t.

E_T is the loss of an example's last scored position, T; h_t is everything the model
carries after step t. Each carry of a scan over `model.step` gets a perturbation added,
and one backward pass gives the gradient with respect to all of them at zero. How its
norm falls with the lag is why far dependencies are hard to learn (Bengio, Simard &
Frasconi 1994, IEEE Transactions on Neural Networks 5(2); Pascanu, Mikolov & Bengio
2013, arXiv:1211.5063).

Lag 1 is the carry that the last step starts from: a model's `step` gives its answer
together with the carry after it, so that a perturbation of the latter comes too late.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PyTree

from lib.error import UserError
from lib.types import Batch, Metric, Model, Params


def check_recurrent(who: str, model: Model) -> None:
    """Raise UserError for a model that carries no recurrent state."""
    if model.receptive_field is not None:
        raise UserError(
            f"{who}: needs a model that carries a state; this one reads its last "
            f"{model.receptive_field} inputs at once"
        )
    if not model.causal:
        raise UserError(f"{who}: needs a model that reads forward only")


def carry_gradient_norms(
    model: Model, params: Params, batch: Batch, loss: Metric
) -> Float[Array, " K"]:
    """Mean over examples of |dE_T/dh_{T-k}| for the lags k = 1 ... steps - 1.

    The norm is L2 over the whole carry of an example, all layers; the mean is over
    examples long enough for the lag, nan where there is none.
    """
    last = _last_scored(batch.mask)
    size = batch.mask.shape[1]
    norms = _norms(_gradients(model, params, batch, loss, last))  # [T, B]
    lag = jnp.arange(1, size)[:, None]
    place = last[None, :] - lag
    by_lag = jnp.take_along_axis(norms, jnp.maximum(place, 0), axis=0)
    known = (place >= 0).astype(norms.dtype)
    return jnp.sum(by_lag * known, axis=1) / jnp.sum(known, axis=1)


def _last_scored(mask: Float[Array, "B T"]) -> Int[Array, " B"]:
    """The last position with a mask above 0; -1 where there is none."""
    place = jnp.arange(mask.shape[1])[None, :]
    return jnp.max(jnp.where(mask > 0, place, -1), axis=1)


def _gradients(
    model: Model, params: Params, batch: Batch, loss: Metric, last: Int[Array, " B"]
) -> list[Array]:
    """dE_T/dh_t, for each part of the carry that is not an integer [T, B, ...]."""
    size = batch.mask.shape[1]
    carry = model.initial(params, batch.inputs)
    time_first = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), batch.inputs)
    first = jax.tree.map(lambda x: x[0], time_first)
    answer = jax.eval_shape(model.step, params, carry, first)[1]
    leaves, structure = jax.tree.flatten(carry)
    zeros = [jnp.zeros((size, *leaf.shape), leaf.dtype) for leaf in leaves]
    moved = [jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in leaves]

    def step(state: tuple[PyTree, Array], xs: tuple) -> tuple[Any, None]:
        carry, kept = state
        index, x, nudges = xs
        carry, y = model.step(params, carry, x)
        nudge = iter(nudges)
        parts = [
            leaf + next(nudge) if move else leaf
            for leaf, move in zip(jax.tree.leaves(carry), moved, strict=True)
        ]
        kept = jnp.where((index == last)[:, None], y, kept)
        return (jax.tree.unflatten(structure, parts), kept), None

    def total(nudges: list[Array]) -> Array:
        kept = jnp.zeros(answer.shape, answer.dtype)
        xs = (jnp.arange(size), time_first, nudges)
        (_, kept), _ = lax.scan(step, (carry, kept), xs)
        return loss.accumulate(kept[:, None], _at(batch, last)).total

    return jax.grad(total)([z for z, move in zip(zeros, moved, strict=True) if move])


def _at(batch: Batch, last: Int[Array, " B"]) -> Batch:
    """The batch with only each example's last scored position [B, 1, ...]."""

    def pick(leaf: Array) -> Array:
        index = jnp.maximum(last, 0).reshape(-1, *[1] * (leaf.ndim - 1))
        return jnp.take_along_axis(leaf, index, axis=1)

    scored: Bool[Array, "B 1"] = (last >= 0)[:, None]
    return batch._replace(
        inputs=jax.tree.map(pick, batch.inputs),
        targets=jax.tree.map(pick, batch.targets),
        mask=scored.astype(batch.mask.dtype),
    )


def _norms(gradients: list[Array]) -> Float[Array, "T B"]:
    """L2 over all parts; scaled, since squares leave float32 at 1e-19."""
    flat = [jnp.abs(g).reshape(*g.shape[:2], -1) for g in gradients]
    sizes = jnp.concatenate(flat, axis=-1)  # [T, B, N]
    largest = jnp.max(sizes, axis=-1, keepdims=True)
    safe = jnp.where(largest > 0, largest, jnp.ones_like(largest))
    return largest[..., 0] * jnp.sqrt(jnp.sum(jnp.square(sizes / safe), axis=-1))
