"""Copy memory: repeat ten symbols after a gap of T blanks.

Unitary evolution recurrent neural networks (Arjovsky, Shah, Bengio 2016,
arXiv:1511.06464, section 4.1), in the version of its authors' code. The alphabet is
the blank 0, eight data symbols 1..8 and the marker 9:

    inputs  = d_1 .. d_10, 0 (T - 1 times), 9, 0 (10 times)
    targets = 0 (T + 10 times), d_1 .. d_10

An example (T = 4):

    inputs   8 3 1 6 8 4 6 7 4 7 0 0 0 9 0 0 0 0 0 0 0 0 0 0
    targets  0 0 0 0 0 0 0 0 0 0 0 0 0 0 8 3 1 6 8 4 6 7 4 7

Scored: all T + 20 positions. The `length` of this task is T, its gap, and `max_length`
the largest T: the arrays are max_length + 20 long.

Chance: knowing the time but no symbol, a predictor answers blanks without error and
each of the ten symbols with 1/8, a loss of 10 ln(8)/(T + 20) nats per position. Plain
accuracy is not reported, because that predictor already has (T + 11.25)/(T + 20).
`symbols_retained` is 10 - loss (T + 20)/ln(8), of ten: 0 at the floor, below 0 worse.

`num_copied` S and `num_symbols` A are 10 and 8 as in the paper. With others 10 stands
for S above, 20 for 2 S and 8 for A, and the marker is A + 1: load, S log2 A bits, and
distance, T, are separate axes.
"""

import math
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import cross_entropy, mean
from lib.setting import Added, Bound, Size
from lib.tasks.label import check_length
from lib.types import Batch, Interface, Mean, Metric, PRNGKey, Split, Task

NumCopied = Annotated[Size, Added()]  # symbols in an example
# Different data symbols; with the blank, the classes of an answer.
NumSymbols = Annotated[int, Bound(2, 2**31 - 3), Added()]


def _accumulate_sequence_nats(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """The nats of whole examples, and how many examples there are."""
    return Mean(
        cross_entropy.accumulate(outputs, batch).total, jnp.sum(batch.mask[:, 0])
    )


def symbols_retained(num_copied: int, num_symbols: int) -> Metric:
    """How many of the symbols of an example are known."""
    return Metric(
        _accumulate_sequence_nats,
        lambda sums: num_copied - mean(sums) / math.log(num_symbols),
    )


def make_copy_memory(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_copied: NumCopied = 10,
    num_symbols: NumSymbols = 8,
) -> Task:
    """Copying over a gap of `length` blanks, at least 1, in arrays 2 S longer."""
    check_length("copy_memory", max_length, 1)
    array_length = max_length + 2 * num_copied
    marker = num_symbols + 1

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # Not `randint`, which draws twice: a remainder is uniform to one in 2^32 / A.
        # Drawn time first: a row of 16 compiles in a quarter of the time of one of 10.
        bits = jax.random.bits(key, (num_copied, batch_size), jnp.uint32).T
        symbols = 1 + (bits % np.uint32(num_symbols)).astype(jnp.int32)
        position = jnp.arange(array_length, dtype=jnp.int32)[None, :]
        blanks = jnp.zeros((batch_size, array_length), jnp.int32)
        row, answer_start = jnp.int32(0), length + num_copied
        inputs = lax.dynamic_update_slice(blanks, symbols, (row, row))
        scored = (position < length + 2 * num_copied).astype(jnp.float32)
        return Batch(
            inputs=jnp.where(position == answer_start - 1, marker, inputs),
            targets=lax.dynamic_update_slice(blanks, symbols, (row, answer_start)),
            mask=jnp.broadcast_to(scored, blanks.shape),
        )

    retained = symbols_retained(num_copied, num_symbols)

    def floor(length: int) -> float:
        # Of the best predictor that ignores the inputs, in nats per position.
        return num_copied * math.log(num_symbols) / (length + 2 * num_copied)

    def window_score(length: int, k: int) -> float:
        # Each symbol is asked T + S steps after it was shown, so a window of one input
        # more sees all of them when they are asked, and a shorter one none. Symbols
        # are independent: those that a window still sees tell nothing of the one asked.
        return float(k >= length + num_copied + 1)

    return Task(
        sample=sample,
        interface=Interface(marker + 1, marker + 1, num_symbols + 1),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"loss": cross_entropy, "symbols_retained": retained},
        score_metric="loss",
        floor=floor,
        optimum=lambda length: 0.0,
        window_score=window_score,
        version=1,
        information=lambda length: num_copied * math.log2(num_symbols),
    )
