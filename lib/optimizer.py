"""Optimizers built from scalars that may be traced, and their schedules.

An algorithm turns gradients into a direction; `make_optimizer` scales it by the
learning rate's schedule. All of it is Optax; what is added is that every scalar may be
a tracer, so that runs with different learning rates share one compiled program.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import PyTree

from lib.setting import (
    Count,
    Scalar,
    Size,
    TracedNonNegative,
    TracedPositive,
    TracedProbability,
    nearest,
)


def make_sgd() -> optax.GradientTransformation:
    """Gradient descent: the direction is the gradient."""
    return optax.identity()


def make_momentum(
    *, momentum: TracedProbability = 0.9, nesterov: bool = False
) -> optax.GradientTransformation:
    """Heavy-ball momentum, m <- momentum m + g (Polyak 1964), or Nesterov's form."""
    return optax.trace(decay=momentum, nesterov=nesterov)


def make_rmsprop(
    *, decay: TracedProbability = 0.9, eps: TracedPositive = 1e-8
) -> optax.GradientTransformation:
    """g / sqrt(v), v the running mean of g^2 (Tieleman & Hinton 2012, lecture 6e)."""
    return optax.scale_by_rms(decay=decay, eps=eps)


def make_adam(
    *,
    b1: TracedProbability = 0.9,
    b2: TracedProbability = 0.999,
    eps: TracedPositive = 1e-8,
) -> optax.GradientTransformation:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1)."""
    return optax.scale_by_adam(b1=b1, b2=b2, eps=eps)


def make_adamw(
    *,
    b1: TracedProbability = 0.9,
    b2: TracedProbability = 0.999,
    eps: TracedPositive = 1e-8,
    weight_decay: TracedNonNegative = 1e-2,
) -> optax.GradientTransformation:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101)."""
    return optax.chain(
        make_adam(b1=b1, b2=b2, eps=eps),
        optax.add_decayed_weights(weight_decay),
    )


FLAT_SIZE = 2**14  # parameters

OPTIMIZERS: dict[str, Callable[..., optax.GradientTransformation]] = {
    "sgd": make_sgd,
    "momentum": make_momentum,
    "rmsprop": make_rmsprop,
    "adam": make_adam,
    "adamw": make_adamw,
}


def make_optimizer(
    name: str,
    num_steps: int,
    *,
    learning_rate: TracedPositive = 1e-3,
    schedule: Literal["constant", "cosine", "step"] = "constant",
    warmup_steps: Count = 0,
    decay_after: Count = 0,
    decay_every: Size = 1000,
    decay_factor: TracedProbability = 0.5,
    clip_norm: TracedNonNegative = 0.0,
    **algorithm: Any,
) -> optax.GradientTransformation:
    """Clip gradients to a global norm (0: not at all), then step.

    The learning rate rises linearly over `warmup_steps`, then stays, or falls on a half
    cosine to 0 at `num_steps` (Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5), or
    by steps: times `decay_factor` at step `decay_after` and every `decay_every` steps
    from there.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer: unknown name {name!r}{nearest(name, OPTIMIZERS)}")
    if warmup_steps >= num_steps:
        raise ValueError(
            f"optimizer.warmup_steps must be below train.num_steps {num_steps}, "
            f"got {warmup_steps}"
        )
    if schedule == "constant" and warmup_steps == 0:
        scale = optax.scale_by_learning_rate(learning_rate)
    else:
        factor = _factor(schedule, warmup_steps, num_steps)
        if schedule == "step":
            factor = _by_steps(factor, decay_after, decay_every, decay_factor)
        scale = optax.scale_by_schedule(lambda step: -learning_rate * factor(step))
    tx = optax.chain(clip_by_norm(clip_norm), OPTIMIZERS[name](**algorithm), scale)
    tx = _flat_where_small(tx)
    return optax.GradientTransformation(tx.init, _under_standard_promotion(tx.update))


def _flat_where_small(
    tx: optax.GradientTransformation,
) -> optax.GradientTransformation:
    """One vector of all parameters, where they are few: the step compiles faster.

    In two thirds of the time; but XLA on a CPU takes 80 ns a parameter to put the
    vector together in a loop, 34 ms a step for 420,000 of which Adam itself takes 0.4.
    """
    flat = optax.flatten(tx)

    def of(params: PyTree) -> optax.GradientTransformation:
        size = sum(leaf.size for leaf in jax.tree.leaves(params))
        return flat if size <= FLAT_SIZE else tx

    def update(updates: PyTree, state: PyTree, params: PyTree = None):
        return of(updates).update(updates, state, params)

    return optax.GradientTransformation(lambda params: of(params).init(params), update)


def clip_by_norm(max_norm: Scalar) -> optax.GradientTransformation:
    """Scale gradients so that their global norm is at most `max_norm`; 0: leave them.

    Pascanu, Mikolov & Bengio (2013, arXiv:1211.5063, algorithm 1). Unlike Optax's, the
    bound may be traced, 0 included.
    """

    def update(updates: PyTree, state: PyTree, params: PyTree = None):
        norm = optax.tree.norm(updates)
        bound = jnp.asarray(max_norm, norm.dtype)
        clipped = jnp.where(bound > 0, jnp.minimum(1, bound / norm), 1)
        return jax.tree.map(lambda g: g * clipped.astype(g.dtype), updates), state

    return optax.GradientTransformation(optax.init_empty_state, update)


def _factor(schedule: str, warmup_steps: int, num_steps: int) -> optax.Schedule:
    """The learning rate at a step, as a fraction of its peak."""
    if schedule == "cosine":
        return optax.warmup_cosine_decay_schedule(0.0, 1.0, warmup_steps, num_steps)
    if warmup_steps == 0:
        return optax.constant_schedule(1.0)
    return optax.warmup_constant_schedule(0.0, 1.0, warmup_steps)


def _by_steps(
    factor: optax.Schedule, after: int, every: int, decay_factor: Scalar
) -> optax.Schedule:
    """A schedule times `decay_factor` at step `after` and every `every` steps since."""

    def schedule(step: Any) -> Any:
        times = jnp.maximum((step - after) // every + 1, 0)
        return factor(step) * jnp.float32(decay_factor) ** times

    return schedule


def _under_standard_promotion(update: Callable[..., Any]) -> Callable[..., Any]:
    """Optax mixes integer counts with floats, which strict promotion refuses."""

    def under_standard_promotion(*args: Any, **kwargs: Any) -> Any:
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            return update(*args, **kwargs)

    return under_standard_promotion
