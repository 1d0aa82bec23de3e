"""Sequences of numbers, two of them marked, and one number to answer at the end.

What the adding problems and multiplication share: their draws, batches, scores.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.loss import squared_error
from lib.tasks.label import Sample
from lib.types import Batch, Interface, Metric, PRNGKey, Task


def draw_uniform(key: PRNGKey, max_length: int, batch_size: int) -> Float[Array, "B T"]:
    """Numbers of U[0, 1), time first: an example does not depend on its padding."""
    return jax.random.uniform(key, (max_length, batch_size), dtype=jnp.float32).T


def marked_batch(
    values: Float[Array, "B T"],
    first: Int[Array, "B 1"],
    second: Int[Array, "B 1"],
    target: Float[Array, "B 1"],
    length: Int[Array, ""],
) -> Batch:
    """Numbers with two of them marked, and one target at the last position."""
    position = jnp.arange(values.shape[1], dtype=jnp.int32)[None, :]
    markers = ((position == first) | (position == second)).astype(jnp.float32)
    inside = (position < length).astype(jnp.float32)
    mask = jnp.broadcast_to(position == length - 1, values.shape).astype(jnp.float32)
    return Batch(
        inputs=jnp.stack([values * inside, markers], axis=-1),  # [B, T, 2]
        targets=(target * mask)[..., None],
        mask=mask,
    )


def at(values: Float[Array, "B T"], place: Int[Array, "B 1"]) -> Float[Array, "B 1"]:
    """The number at each example's place."""
    return jnp.take_along_axis(values, place, axis=1)


def marked_task(
    sample: Sample,
    max_length: int,
    *,
    floor: float,
    window_score: Callable[[int, int], float],
    metrics: Mapping[str, Metric] | None = None,
) -> Task:
    """A task scored by the squared error of its one answer, at any length."""
    return Task(
        sample=sample,
        interface=Interface(0, 2, 1),
        max_length=max_length,
        loss=squared_error,
        metrics={"mse": squared_error, **(metrics or {})},
        score_metric="mse",
        floor=lambda length: floor,
        optimum=lambda length: 0.0,
        window_score=window_score,
        version=1,
    )
