"""Flip-flop: read the bit that was last written, past all that is to be ignored.

Exposing attention glitches with flip-flop language modeling (Liu, Ash, Goel,
Krishnamurthy, Zhang 2023, arXiv:2306.00946, section 3). Instructions w (write), r
(read) and i (ignore) alternate with bits. The first instruction is w, the last r; each
other is i with probability p (`ignore`), else w or r, equally likely. The bit after w
or i is uniform, the one after r is that of the last w before it: only these are asked.

With w, r, i as 2, 3, 4, and the bits as they are. An example (T = 15, ignore = 0.5):

    inputs   2 1 4 0 4 0 4 1 4 1 2 1 3 1 3
    targets  . . . . . . . . . . . . 1 . 1

Scored: where an r is read, among them always the last position. T counts the inputs,
the string without its last bit, so it is odd, and an even length drops one. Chance is
1/2.

A window of k inputs knows the answer if it holds an instruction other than i and its
bit, before the r: one that reads also shows the bit. Where the window begins with a bit
whose instruction it does not see, and holds i alone after it, that bit is the answer
with probability 1 - p/2. A high `ignore` lengthens the distance, not the load: one bit.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int, PyTree

from lib.setting import Probability
from lib.tasks.label import check_length, draw_bits, label_batch, label_task, remainder
from lib.types import Batch, PRNGKey, Split, Task

WRITE, READ, IGNORE = 2, 3, 4  # 0 and 1 are the bits


def _guess(pair: int, k: int, ignore: float) -> float:
    """How often the best answer from k inputs is right at the read of a pair, >= 1."""
    whole = min((k - 1) // 2, pair)  # pairs before it that the window holds
    unknown = 0.0 if whole == pair else ignore**whole  # the first pair is a write
    edge = 0.5
    if k % 2 == 0 and whole < pair:
        edge = 1.0 if pair - whole == 1 else 1 - ignore / 2
    return 1 - unknown + unknown * edge


@functools.cache
def _score(num_inputs: int, k: int, ignore: float) -> float:
    """The mean of 2 guess - 1 over the reads, each as often as it is there."""
    last = num_inputs // 2
    reads = [(pair, (1 - ignore) / 2) for pair in range(1, last)] + [(last, 1.0)]
    total = sum(often * (2 * _guess(pair, k, ignore) - 1) for pair, often in reads)
    return total / sum(often for _, often in reads)


def make_flip_flop(
    split: Split, batch_size: int, max_length: int, *, ignore: Probability = 0.8
) -> Task:
    """Reads of one bit in `length` tokens, at least 3."""
    check_length("flip_flop", max_length, 3)
    num_pairs = (max_length + 1) // 2

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        kind_key, bit_key = jax.random.split(key)
        last = (length - 1) // 2  # the pair that reads at the end
        pair = jnp.arange(num_pairs, dtype=jnp.int32)[None, :]
        u = jax.random.uniform(kind_key, (num_pairs, batch_size), jnp.float32).T
        kind = jnp.where(u < (1 + ignore) / 2, WRITE, READ)
        kind = jnp.where(u < ignore, IGNORE, kind)
        kind = jnp.where(pair == 0, WRITE, jnp.where(pair == last, READ, kind))
        drawn = remainder(draw_bits(bit_key, num_pairs, batch_size), 2)
        written = lax.cummax(jnp.where(kind == WRITE, pair, 0), axis=1)
        stored = jnp.take_along_axis(drawn, written, axis=1)
        bit = jnp.where(kind == READ, stored, drawn)
        tokens = jnp.stack([kind, bit], axis=2).reshape(batch_size, -1)
        answers = jnp.repeat(stored, 2, axis=1)
        return label_batch(
            tokens[:, :max_length],
            answers[:, :max_length],
            (tokens == READ)[:, :max_length],
            2 * last + 1,
        )

    return label_task(
        sample,
        5,
        2,
        max_length,
        floor=lambda length: 0.5,
        window_score=lambda length, k: _score(length - 1 + length % 2, k, ignore),
        information=lambda length: 1.0,
    )
