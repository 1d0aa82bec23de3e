"""Recall: answer at the end the cue that was shown at the start.

A sequence of T tokens is a cue, T - 2 random distractors and a query. The alphabets are
separate: K symbols 0..K-1 (one of them the cue), D distractors K..K+D-1, the query K+D.

An example (T = 8, K = 8, D = 8):

    inputs   7 10  8 13 15 11 13 16
    targets  .  .  .  .  .  .  .  7

Scored: the last position, T - 1, whose target is the cue. With supervision "every" the
cue is the target of every position and the loss is taken over all of them; accuracy
looks at the last position all the same.

T counts both ends: the last k inputs hold the cue if and only if k >= T. Chance is 1/K,
and so is the accuracy of every predictor that sees fewer than T inputs.
"""

import math
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import accuracy, cross_entropy
from lib.setting import Bound, Size
from lib.tasks.label import check_length
from lib.types import Batch, Interface, Mean, Metric, PRNGKey, Split, Task


def last_position(mask: Float[Array, "B T"]) -> Float[Array, "B T"]:
    """The mask with only the last scored position of each example left."""
    following = jnp.pad(mask[:, 1:], ((0, 0), (0, 1)))
    return mask * (1 - following)


def _accumulate_last_accuracy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    last = batch._replace(mask=last_position(batch.mask))
    return accuracy.accumulate(outputs, last)


def make_recall(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_symbols: Annotated[int, Bound(2, 2**31 - 1)] = 8,
    num_distractors: Size = 8,
    supervision: Literal["last", "every"] = "last",
) -> Task:
    """Recall of one of `num_symbols` cues over `length` inputs, at least 2."""
    check_length("recall", max_length, 2)
    query = num_symbols + num_distractors

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw for cue and distractors: half the code to compile of two `randint`;
        # the remainder of 32 bits is uniform to one in 2^32 / num_symbols. Time comes
        # first, so that an example does not depend on how far it is padded.
        bits = jax.random.bits(key, (max_length, batch_size), jnp.uint32).T  # [B, T]
        cue = (bits[:, :1] % np.uint32(num_symbols)).astype(jnp.int32)
        distractors = (bits % np.uint32(num_distractors)).astype(jnp.int32)
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        inputs = jnp.where(position == 0, cue, num_symbols + distractors)
        inputs = jnp.where(position == length - 1, query, inputs)
        first = 0 if supervision == "every" else length - 1
        scored = (position >= first) & (position < length)
        return Batch(
            inputs=jnp.where(position < length, inputs, 0),
            targets=jnp.where(scored, cue, 0),
            mask=jnp.broadcast_to(scored, inputs.shape).astype(jnp.float32),
        )

    return Task(
        sample=sample,
        interface=Interface(query + 1, query + 1, num_symbols),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"accuracy": Metric(_accumulate_last_accuracy, accuracy.finalize)},
        score_metric="accuracy",
        floor=lambda length: 1 / num_symbols,
        optimum=lambda length: 1.0,
        window_score=lambda length, k: float(k >= length),
        version=1,
        information=lambda length: math.log2(num_symbols),
    )
