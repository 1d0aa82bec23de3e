"""Recall with noise: C cues, asked for T - 1 steps after each, among distractors.

`recall` with two knobs that do not depend on the distance. The inputs are C cues of K
symbols 0..K-1, then T - 1 - C distractors, then C queries; query j asks for cue j. A
distractor is one of the K symbols of cues with probability `similarity`, else one of D
that no cue has, K..K+D-1. The query is K + D.

An example (T = 6, num_cues = 2, num_symbols = 4, num_distractors = 3):

    inputs   3 0 3 6 3 7 7
    targets  . . . . . 3 0

Scored: the C queries. The distance T counts both ends, as in `recall`: whatever C, each
answer is T - 1 steps behind its cue, and the arrays are C - 1 longer than T. The load
is C log2 K bits. At similarity 0 the alphabet tells a cue from a distractor; at 1 only
its place does, and what is in store must be shielded from the same symbols.

Chance is 1/K. Cues are independent of each other and of the distractors: the last k
inputs hold the cue that is asked for if and only if k >= T, and else nothing of it.
"""

import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound, Probability, Size
from lib.tasks.label import label_batch, label_task
from lib.tasks.retained import bits_retained
from lib.types import Batch, PRNGKey, Split, Task


def make_noisy_recall(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_cues: Size = 1,
    num_symbols: Annotated[int, Bound(2, 2**31 - 1)] = 8,
    num_distractors: Size = 8,
    similarity: Probability = 0.5,
) -> Task:
    """Recall of `num_cues` over a distance of `length`, at least one more."""
    if max_length < num_cues + 1:
        raise ValueError(
            f"noisy_recall: length must be at least {num_cues + 1}, one more than "
            f"num_cues, got {max_length}."
        )
    query = num_symbols + num_distractors
    array_length = max_length + num_cues - 1
    threshold = np.uint32(min(round(similarity * 2**32), 2**32 - 1))

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # Time first: an example does not depend on how far it is padded.
        shape = (array_length, 2, batch_size)
        bits, kind = jax.random.bits(key, shape, jnp.uint32).transpose(1, 2, 0)
        symbols = (bits % np.uint32(num_symbols)).astype(jnp.int32)  # [B, T]
        others = (bits % np.uint32(num_distractors)).astype(jnp.int32)
        position = jnp.arange(array_length, dtype=jnp.int32)[None, :]
        similar = (position < num_cues) | (kind < threshold)
        if similarity == 1:
            similar = jnp.ones_like(similar)
        inputs = jnp.where(similar, symbols, num_symbols + others)
        scored = position >= length - 1
        cues = jnp.roll(inputs, length - 1, axis=1)
        inputs = jnp.where(scored, query, inputs)
        return label_batch(inputs, cues, scored, length + num_cues - 1)

    return label_task(
        sample,
        query + 1,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=lambda length, k: float(k >= length),
        information=lambda length: num_cues * math.log2(num_symbols),
        metrics={"bits_retained": bits_retained(num_cues, num_symbols)},
    )
