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
`symbols_retained`, the window (symbols are known to the last T + 11 inputs), and of
`num_copied` and `num_symbols`: there are A + 2 classes and S + 1 markers.
"""

import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.tasks.copy_memory import NumCopied, NumSymbols, make_copy_memory
from lib.tasks.label import check_length
from lib.types import Batch, Interface, PRNGKey, Split, Task


def make_copy_tcn(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_copied: NumCopied = 10,
    num_symbols: NumSymbols = 8,
) -> Task:
    """Copying over a gap of `length`, at least 1, in arrays 2 S longer."""
    check_length("copy_tcn", max_length, 1)
    tokens = make_copy_memory(
        split, batch_size, max_length, num_copied=num_copied, num_symbols=num_symbols
    )
    marker = num_symbols + 1

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        batch = tokens.sample(key, data, length)
        position = jnp.arange(batch.mask.shape[1], dtype=jnp.int32)[None, :]
        marked = (position >= length + num_copied - 1) & (batch.mask > 0)
        inputs = jnp.where(marked, marker, batch.inputs).astype(jnp.float32)
        return batch._replace(inputs=inputs[..., None])  # [B, T, 1]

    return tokens._replace(sample=sample, interface=Interface(0, 1, marker + 1))
