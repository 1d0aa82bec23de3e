"""Captions as sequences: the words said so far are read, the next one is asked for.

    inputs   <begin> a man on a horse
    targets  a man on a horse .

END closes every caption and is scored as a word is; padding follows. A caption longer
than the arrays, or than the length that is asked for, is cut there and has no END.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.data.question import SPECIAL
from lib.types import Batch

BEGIN = "<begin>"
FIRST: tuple[str, ...] = (*SPECIAL, BEGIN)  # tokens 0 to 3 of every vocabulary
_BEGIN = FIRST.index(BEGIN)


def caption_batch(
    image: Float[Array, "B H W C"],
    tokens: Int[Array, "B S"],
    size: Int[Array, " B"],
    max_length: int,
    length: Int[Array, ""],
) -> Batch:
    """Pictures and captions of `size` tokens with the END; size 0 is no example."""
    targets = jnp.pad(tokens, ((0, 0), (0, max_length)))[:, :max_length]
    inputs = jnp.roll(targets, 1, axis=1).at[:, 0].set(_BEGIN)
    place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
    scored = place < jnp.minimum(size, length)[:, None]
    return Batch(
        {"image": image, "tokens": jnp.where(scored, inputs, 0)},
        jnp.where(scored, targets, 0),
        scored.astype(jnp.float32),
    )
