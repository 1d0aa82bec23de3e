"""Copying of bits: repeat S vectors of N random bits after a gap.

The copying of a minimal implementation of the LRU (Orvieto et al. 2023,
arXiv:2303.06349): S steps of N bits, T steps of zeros, one step with a flag, then S
steps at which the vectors are asked for in order. Its setting is S = 10, N = 7, T = 7,
28 steps in all. The input has N + 1 features, the last of them the flag.

An example (T = 2, num_steps = 2, num_bits = 3):

    bit_1    1 0 0 0 0 0 0
    bit_2    1 1 0 0 0 0 0
    bit_3    0 0 0 0 0 0 0
    flag     0 0 0 0 1 0 0
    targets  . . . . . 1 0
    targets  . . . . . 1 1
    targets  . . . . . 0 0

Scored: the last S steps, each bit by itself. The loss is the negative log likelihood of
the N bits of a step, in nats; the score is the share of bits whose output has the right
sign. Chance is 1/2, a loss of N ln 2 nats a step, ln 2 a bit; S N bits are to be kept.

The `length` of this task is T, its gap, and the arrays are 2 S + 1 longer; S and N do
not depend on it. Every bit is asked S + T + 1 steps after it was shown: a window of
S + T + 2 inputs knows all of them, and a shorter one none.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import bernoulli_nll, masked, mean
from lib.setting import Size
from lib.tasks.label import check_length
from lib.types import Batch, Interface, Mean, Metric, PRNGKey, Split, Task


def _accumulate_bit_accuracy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """The share of bits whose logit has the right sign, mean over a step's."""
    right = (outputs > 0) == (batch.targets > 0)
    return masked(jnp.mean(right.astype(batch.mask.dtype), axis=-1), batch.mask)


bit_accuracy = Metric(_accumulate_bit_accuracy, mean, by_step=True)


def bits_known(num_steps: int, num_bits: int) -> Metric:
    """S (N - nats a step/ln 2): the bits of an example less those still missing."""
    return Metric(
        bernoulli_nll.accumulate,
        lambda sums: num_steps * (num_bits - mean(sums) / math.log(2)),
        by_step=True,
    )


def make_copy_bits(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_steps: Size = 10,
    num_bits: Size = 7,
) -> Task:
    """Copying of `num_steps` vectors of bits over a gap of `length`, at least 1."""
    check_length("copy_bits", max_length, 1)
    array_length = max_length + 2 * num_steps + 1

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        shape = (num_steps, num_bits, batch_size)
        bits = (jax.random.bits(key, shape, jnp.uint32) >> 31).astype(jnp.float32)
        bits = jnp.moveaxis(bits, 2, 0)  # [B, S, N]
        blanks = jnp.zeros((batch_size, array_length, num_bits), jnp.float32)
        start = num_steps + length + 1
        position = jnp.arange(array_length, dtype=jnp.int32)[None, :]
        flag = jnp.broadcast_to(position == start - 1, blanks.shape[:2])
        shown = blanks.at[:, :num_steps].set(bits)
        scored = (position >= start) & (position < start + num_steps)
        place = start + jnp.arange(num_steps, dtype=jnp.int32)
        return Batch(
            inputs=jnp.concatenate([shown, flag[..., None].astype(jnp.float32)], -1),
            targets=blanks.at[:, place].set(bits),
            mask=jnp.broadcast_to(scored, blanks.shape[:2]).astype(jnp.float32),
        )

    return Task(
        sample=sample,
        interface=Interface(0, num_bits + 1, num_bits),
        max_length=max_length,
        loss=bernoulli_nll,
        metrics={
            "bit_accuracy": bit_accuracy,
            "bits_retained": bits_known(num_steps, num_bits),
        },
        score_metric="bit_accuracy",
        floor=lambda length: 0.5,
        optimum=lambda length: 1.0,
        window_score=lambda length, k: float(k >= length + num_steps + 2),
        version=1,
        information=lambda length: float(num_steps * num_bits),
    )
