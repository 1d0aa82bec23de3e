"""Curricula: how long the examples of each training batch are.

    none     n = N, the task's length
    uniform  n ~ U{m..N} (Delétang et al. 2023, arXiv:2207.02098, section 4: U(1, 40))
    linear   n ~ U{m..u(k)}, u(k) = m + floor((N - m) min(k / K, 1)): the longest grows
             over the first K steps, and is N from there
    mix      n = m or n = N, each with probability 1/2

m is `train.min_length`, N is `task.length`, k counts steps from 0. All examples of a
batch have one length, a function of the run's seed and the step alone: a resumed run
draws the lengths that it would have drawn. One program serves all of them, padded to N
with the mask; a short batch costs as much as a long one.

Programs for powers of two, one chosen at each step, would gain little: an rnn of 256
at B = 128 on one CPU thread takes 7.2, 13.5, 26.1 and 31.8 ms a step at T = 8, 16, 32
and 40, so U{2..40} at most a factor of 1.49, for four times the compilation.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from lib.types import PRNGKey

Curriculum = Literal["none", "uniform", "linear", "mix"]

_STREAM = 2  # of a step's keys; 0 and 1 are those of its examples and of its noise


class Lengths(NamedTuple):
    """The distribution of a run's training lengths: m, N and K of the equations."""

    curriculum: Curriculum
    shortest: int
    longest: int
    growth_steps: int = 0


def draw_length(
    lengths: Lengths, step_key: PRNGKey, step: Int[Array, ""]
) -> Int[Array, ""]:
    """The length of the batch of a step, from the key of that step."""
    longest = jnp.int32(lengths.longest)
    if lengths.curriculum == "none":
        return longest
    bits = jax.random.bits(jax.random.fold_in(step_key, _STREAM), (), jnp.uint32)
    if lengths.curriculum == "mix":
        # The sign, not the parity: any bit of the generator is as good.
        return jnp.where(bits >> 31 == 0, jnp.int32(lengths.shortest), longest)
    if lengths.curriculum == "linear":
        longest = _reached(lengths, step)
    # The remainder is uniform to one in 2^32 / N.
    size = (longest - lengths.shortest + 1).astype(jnp.uint32)
    return lengths.shortest + (bits % size).astype(jnp.int32)


def validated_lengths(lengths: Lengths) -> tuple[int, ...]:
    """The lengths a run is validated at: its last training distribution's quartiles.

    "uniform" and "linear": m, N and the three in between; "mix": m and N; "none": N.
    A run is solved when it is at all of them; tuning goes by their mean.
    """
    m, N = lengths.shortest, lengths.longest
    if lengths.curriculum == "none":
        return (N,)
    if lengths.curriculum == "mix":
        return tuple(sorted({m, N}))
    return tuple(sorted({m + round((N - m) * quarter / 4) for quarter in range(5)}))


def total_length(lengths: Lengths, seed: int, num_steps: int) -> int:
    """The lengths of a run's first `num_steps` batches, added up."""
    if lengths.curriculum == "none":
        return lengths.longest * num_steps

    def drawn(step: Int[Array, ""]) -> Int[Array, ""]:
        return draw_length(lengths, step_key(jnp.uint32(seed), step), step)

    steps = jnp.arange(num_steps, dtype=jnp.int32)
    return int(np.asarray(jax.jit(jax.vmap(drawn))(steps), np.int64).sum())


def step_key(seed: Int[Array, ""], step: Int[Array, ""]) -> PRNGKey:
    """The key of a run's step; the parameters' is the one before the first."""
    return jax.random.fold_in(jax.random.key(seed), step + 1)


def _reached(lengths: Lengths, step: Int[Array, ""]) -> Int[Array, ""]:
    """u(k): the longest length that a growing curriculum draws at a step."""
    span = lengths.longest - lengths.shortest
    share = jnp.minimum(step.astype(jnp.float32) / max(lengths.growth_steps, 1), 1)
    grown = jnp.floor(span * share).astype(jnp.int32)
    return lengths.shortest + jnp.minimum(grown, span)
