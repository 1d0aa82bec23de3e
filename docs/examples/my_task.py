"""A task of one's own: answer the symbol that was marked last.

K symbols come at random; each is marked with probability p, the first always. At the
end a query asks for the marked symbol nearest to it. Tokens: symbols 0 to K-1 plain, K
to 2K-1 marked, the query 2K. With K = 4, T = 8 (marked symbols 4 to 7 are 0 to 3):

    inputs   6  3  0  5  2  2  1  8
    targets  .  .  .  .  .  .  .  1

Scored: the last position. Chance, and the floor, is 1/K. A window of the last k < T
inputs knows the answer if one of its k - 1 symbols is marked: score 1 - (1 - p)^(k-1).
"""

from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np

from lib.loss import accuracy, cross_entropy
from lib.setting import Bound
from lib.types import Batch, Interface, Split, Task


def make_last_marked(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_symbols: Annotated[int, Bound(2, 1024)] = 8,
    share_marked: Annotated[float, Bound(0.001, 0.999)] = 0.05,
) -> Task:
    if max_length < 2:
        raise ValueError(f"last_marked: length must be at least 2, got {max_length}")
    K, below = num_symbols, np.uint32(round(share_marked * 2**16))

    def sample(key, data, length):
        # Time first, so that an example does not depend on how far it is padded.
        bits = jax.random.bits(key, (max_length, batch_size), jnp.uint32).T  # [B, T]
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        symbol = ((bits >> np.uint32(16)) % np.uint32(K)).astype(jnp.int32)
        marked = ((bits & np.uint32(2**16 - 1)) < below) | (place == 0)
        inside, asked = place < length, place == length - 1
        newest = jnp.max(jnp.where(marked & inside & ~asked, place, 0), axis=1)
        answer = jnp.take_along_axis(symbol, newest[:, None], axis=1)
        inputs = jnp.where(asked, 2 * K, symbol + K * marked.astype(jnp.int32))
        scored = jnp.broadcast_to(asked, inputs.shape)
        return Batch(
            inputs=jnp.where(inside, inputs, 0),
            targets=jnp.where(scored, answer, 0),
            mask=scored.astype(jnp.float32),
        )

    def window_score(length, k):
        return 1.0 if k >= length else 1 - (1 - share_marked) ** (k - 1)

    return Task(
        sample=sample,
        interface=Interface(2 * K + 1, 2 * K + 1, K),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"accuracy": accuracy},
        score_metric="accuracy",
        floor=lambda length: 1 / K,
        optimum=lambda length: 1.0,
        window_score=window_score,
        version=1,
        information=lambda length: float(np.log2(K)),
    )
