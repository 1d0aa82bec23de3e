"""Groups of neighbouring tokens by a hash that a table's rows can be shared by.

Time is the first axis: tokens [T, B]. A token before the first is -1.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, UInt

NONE = -1

# Odd, so that a product with it loses nothing: 2^32 over the golden ratio (Knuth, The
# Art of Computer Programming 3, section 6.4).
_FACTOR = np.uint32(2654435769)
_SHIFT = np.uint32(15)

Group = tuple[UInt[Array, "T B"], Bool[Array, "T B"]]


def hash_groups(
    tokens: Int[Array, "T B"],
    before: Int[Array, "P B"],
    reset: Bool[Array, "T B"] | None = None,
) -> tuple[list[Group], Int[Array, "P B"]]:
    """For n = 2 to P + 1: a hash of the last n tokens, and whether there are as many.

    `before` are the P tokens before these, the latest last; the tokens that the next
    call needs are returned beside. A group does not reach over a reset.
    """
    size, num_steps = len(before), len(tokens)
    extended = jnp.concatenate([before, tokens])
    if reset is None:
        segment = jnp.zeros_like(extended)
    else:
        own = jnp.cumsum(reset.astype(jnp.int32), axis=0)
        segment = jnp.concatenate([jnp.zeros_like(before), own])
    code = _mixed(tokens.astype(jnp.uint32))
    inside, groups = jnp.ones(tokens.shape, bool), []
    for lag in range(1, size + 1):
        place = slice(size - lag, size - lag + num_steps)
        same = segment[place] == segment[size:]
        inside = inside & same & (extended[place] != NONE)
        code = _mixed(code ^ extended[place].astype(jnp.uint32))
        groups.append((code, inside))
    kept = segment[num_steps:] == segment[-1:]
    return groups, jnp.where(kept, extended[num_steps:], NONE)


def _mixed(code: UInt[Array, "T B"]) -> UInt[Array, "T B"]:
    code = code * _FACTOR
    return code ^ (code >> _SHIFT)
