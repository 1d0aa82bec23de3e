"""Samples of tasks as numpy arrays, each sampler compiled once."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from lib.types import Batch, Task


@functools.cache
def compiled(sample):
    return jax.jit(sample)


def draw(task: Task, length: int, seed: int = 0) -> Batch:
    """The batch of a seed at a length, its leaves numpy arrays."""
    key = jax.random.key(seed)
    batch = compiled(task.sample)(key, task.data, jnp.int32(length))
    return jax.tree.map(np.asarray, batch)


def chi_square_excess(counts) -> float:
    """How far counts are from equal ones, in deviations of the chi-square."""
    counts = np.asarray(counts, float)
    mean, free = counts.mean(), counts.size - 1
    return (((counts - mean) ** 2 / mean).sum() - free) / np.sqrt(2 * free)
