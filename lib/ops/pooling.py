"""Pooling over time: the mean or the maximum of all steps read so far.

    mean_t = (h_1 + ... + h_t) / t        max_t = max(h_1, ..., h_t), feature by feature

Both are recurrences, so that a sequence can be answered after every step, and the
answer after t steps is the answer to the sequence of its first t. Time is the first
axis: h [T, B, H].
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from lib.ops.chunk import scan_with_resets

Step = Float[Array, "B H"]


class Pool(NamedTuple):
    """`initial(shape)` is the carry of [B, H]; `step(carry, h)` reads one step.

    `over_time(carry, h, reset)` reads all steps; `over_real(h, real)` pools the steps
    where `real` [T, B, 1] is true.
    """

    initial: Callable[[tuple[int, int]], Any]
    step: Callable[[Any, Step], tuple[Any, Step]]
    over_time: Callable[..., tuple[Any, Float[Array, "T B H"]]]
    over_real: Callable[[Float[Array, "T B H"], Bool[Array, "T B 1"]], Step]


def _mean_initial(shape: tuple[int, int]) -> tuple[Array, Array]:
    return jnp.zeros(shape), jnp.zeros((shape[0], 1))


def _mean_step(carry: tuple[Array, Array], h: Step) -> tuple[Any, Step]:
    total, count = carry[0] + h, carry[1] + 1
    return (total, count), total / count


def _mean_over_real(h: Array, real: Array) -> Step:
    count = jnp.maximum(jnp.sum(real, axis=0), 1).astype(h.dtype)
    return jnp.sum(jnp.where(real, h, jnp.zeros_like(h)), axis=0) / count


def _max_step(carry: Step, h: Step) -> tuple[Step, Step]:
    largest = jnp.maximum(carry, h)
    return largest, largest


def _max_over_real(h: Array, real: Array) -> Step:
    return jnp.max(jnp.where(real, h, jnp.full_like(h, -jnp.inf)), axis=0)


def _lowest(shape: tuple[int, int]) -> Step:
    return jnp.full(shape, -jnp.inf)


def _pool(
    initial: Callable[..., Any], step: Callable[..., Any], over_real: Callable[..., Any]
) -> Pool:
    def over_time(carry: Any, h: Array, reset: Array | None) -> tuple[Any, Array]:
        return scan_with_resets(step, initial(h.shape[1:]), carry, h, reset)

    return Pool(initial, step, over_time, over_real)


POOLS = {
    "mean": _pool(_mean_initial, _mean_step, _mean_over_real),
    "max": _pool(_lowest, _max_step, _max_over_real),
}
