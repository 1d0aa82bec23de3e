"""Copy memory, read as numbers: repeat ten symbols after a gap of T - 1 zeros.

The version of Bai, Kolter, Koltun 2018 (arXiv:1803.01271, section 4.1 and the authors'
code) of the task of Arjovsky, Shah, Bengio 2016. The input is one real number a step,
not a one-hot vector: the data symbols 1..8, the blank 0, and 9 from the marker on:

    inputs  = d_1 .. d_10, 0 (T - 1 times), 9 (11 times)
    targets = 0 (T + 10 times), d_1 .. d_10

An example (T = 4):

    inputs   8 3 1 6 8 4 6 7 4 7 0 0 0 9 9 9 9 9 9 9 9 9 9 9
    targets  0 0 0 0 0 0 0 0 0 0 0 0 0 0 8 3 1 6 8 4 6 7 4 7

Scored: all T + 20 positions. The `length` of this task is T, and `max_length` the
largest T: the arrays are max_length + 20 long. There are ten classes, as many as values
of the input, of which 9 is never the answer.

Chance is that of `copy_memory`, 10 ln(8)/(T + 20) nats per position, since only the
blank and eight symbols are ever asked for; so are what it says of accuracy,
`symbols_retained`, and the window: symbols are known to the last T + 11 inputs.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Int, PyTree

from lib.loss import cross_entropy
from lib.tasks.copy_memory import (
    MARKER,
    NUM_COPIED,
    NUM_SYMBOLS,
    floor,
    symbols_retained,
    window_score,
)
from lib.types import Batch, Interface, PRNGKey, Split, Task


def make_copy_tcn(split: Split, batch_size: int, max_length: int) -> Task:
    """Copying over a gap of `length`, at least 1, in arrays 20 longer."""
    if max_length < 1:
        raise ValueError(f"copy_tcn: length must be at least 1, got {max_length}.")
    array_length = max_length + 2 * NUM_COPIED

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        bits = jax.random.bits(key, (NUM_COPIED, batch_size), jnp.uint32).T
        symbols = 1 + (bits % np.uint32(NUM_SYMBOLS)).astype(jnp.int32)
        position = jnp.arange(array_length, dtype=jnp.int32)[None, :]
        blanks = jnp.zeros((batch_size, array_length), jnp.int32)
        row, answer_start = jnp.int32(0), length + NUM_COPIED
        inputs = lax.dynamic_update_slice(blanks, symbols, (row, row))
        inside = position < length + 2 * NUM_COPIED
        marked = (position >= answer_start - 1) & inside
        inputs = jnp.where(marked, MARKER, inputs).astype(jnp.float32)
        return Batch(
            inputs=inputs[..., None],  # [B, T, 1]
            targets=lax.dynamic_update_slice(blanks, symbols, (row, answer_start)),
            mask=jnp.broadcast_to(inside, blanks.shape).astype(jnp.float32),
        )

    return Task(
        sample=sample,
        interface=Interface(0, 1, MARKER + 1),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"loss": cross_entropy, "symbols_retained": symbols_retained},
        score_metric="loss",
        floor=floor,
        optimum=lambda length: 0.0,
        window_score=window_score,
        version=1,
        information=lambda length: NUM_COPIED * math.log2(NUM_SYMBOLS),
    )
