"""Induction heads: what came after the trigger, the last time?

The synthetic task of H3 (Fu et al. 2022, arXiv:2212.14052, table 1) as Mamba asks it
(Gu, Dao 2023, arXiv:2312.00752, section 4.1.2): T inputs of an alphabet of V tokens
drawn uniformly; at a position p ~ U{0..T-3} stands the trigger V instead, and again at
the end, T - 1. The target is the token behind the first one, x_{p+1}.

An example (T = 8, num_symbols = 5):

    inputs   2 1 0 5 3 2 3 5
    targets  . . . . . . . 3

Scored: the last position, by accuracy. Mamba's setting is V = 16, trained at T = 256
and tested up to 2^20. Chance is 1/V; log2 V bits are to be kept, whatever T.

The last k inputs hold the trigger with probability (k - 2)/(T - 2). Where they do not,
p is uniform over the positions before them, and the token that they begin with is the
one behind it with 1/(T - k): guessed, that adds 1/(T - 2), so that the score of a
window is (k - 1)/(T - 2), up to 1.
"""

import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound
from lib.tasks.label import check_length, label_batch, label_task
from lib.types import Batch, PRNGKey, Split, Task


def make_induction(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_symbols: Annotated[int, Bound(2, 2**31 - 2)] = 16,
) -> Task:
    """The token behind the trigger, in `length` inputs, at least 3."""
    check_length("induction", max_length, 3)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, time first: an example does not depend on how far it is padded.
        bits = jax.random.bits(key, (max_length + 1, batch_size), jnp.uint32).T
        # The remainder of 32 bits is uniform to one in 2^32 / length.
        place = bits[:, :1] % (length - 2).astype(jnp.uint32)
        place = place.astype(jnp.int32)
        symbols = (bits[:, 1:] % np.uint32(num_symbols)).astype(jnp.int32)
        target = jnp.take_along_axis(symbols, place + 1, axis=1)  # [B, 1]
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        scored = position == length - 1
        inputs = jnp.where((position == place) | scored, num_symbols, symbols)
        return label_batch(inputs, target, scored, length)

    return label_task(
        sample,
        num_symbols + 1,
        num_symbols,
        max_length,
        floor=lambda length: 1 / num_symbols,
        window_score=lambda length, k: min(k - 1, length - 2) / (length - 2),
        information=lambda length: math.log2(num_symbols),
    )
