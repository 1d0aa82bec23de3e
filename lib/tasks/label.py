"""Sequences of tokens with a class to answer at some of their steps, by accuracy.

What generated tasks over tokens share: their draws, their batches, their scores.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PyTree, UInt32

from lib.loss import accuracy, cross_entropy
from lib.types import Batch, Interface, Metric, PRNGKey, Task

Sample = Callable[[PRNGKey, PyTree, Int[Array, ""]], Batch]


def check_length(name: str, max_length: int, least: int) -> None:
    """Raise ValueError where no example is as short as asked."""
    if max_length < least:
        raise ValueError(f"{name}: length must be at least {least}, got {max_length}.")


def draw_bits(key: PRNGKey, num_steps: int, batch_size: int) -> UInt32[Array, "B T"]:
    """32 random bits a step, drawn time first: padding does not change an example.

    Their remainder by a small n is uniform to one in 2^32 / n.
    """
    return jax.random.bits(key, (num_steps, batch_size), jnp.uint32).T


def remainder(bits: UInt32[Array, "*S"], n: int) -> Int[Array, "*S"]:
    """Uniform numbers below n."""
    return (bits % jnp.uint32(n)).astype(jnp.int32)


def label_batch(
    inputs: Int[Array, "B T"],
    targets: Int[Array, "B T"],
    scored: Bool[Array, "#B T"],
    num_steps: Int[Array, ""],
) -> Batch:
    """The batch with zeros for what lies beyond `num_steps` or is not scored."""
    place = jnp.arange(inputs.shape[1], dtype=jnp.int32)[None, :]
    scored = jnp.broadcast_to(scored & (place < num_steps), inputs.shape)
    return Batch(
        inputs=jnp.where(place < num_steps, inputs, 0),
        targets=jnp.where(scored, targets, 0),
        mask=scored.astype(jnp.float32),
    )


def label_task(
    sample: Sample,
    vocabulary_size: int,
    num_classes: int,
    max_length: int,
    *,
    floor: Callable[[int], float],
    window_score: Callable[[int, int], float] | None,
    information: Callable[[int], float] | None,
    metrics: Mapping[str, Metric] | None = None,
    data: PyTree = (),
    facts: Mapping[str, Any] | None = None,
) -> Task:
    """A task scored by the share of right answers, which a perfect model has all."""
    return Task(
        sample=sample,
        interface=Interface(vocabulary_size, vocabulary_size, num_classes),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"accuracy": accuracy, **(metrics or {})},
        score_metric="accuracy",
        floor=floor,
        optimum=lambda length: 1.0,
        window_score=window_score,
        version=1,
        data=data,
        facts=facts or {},
        information=information,
    )


def above_floor(reached: float, floor: float) -> float:
    """The score of an accuracy: 0 at the floor, 1 where all is right."""
    return min(max((reached - floor) / (1 - floor), 0.0), 1.0)
