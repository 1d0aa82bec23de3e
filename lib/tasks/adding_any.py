"""Adding, markers anywhere: the sum of two marked numbers of a sequence.

Long short-term memory (Hochreiter, Schmidhuber 1997, section 5.4), in the version of
Bai, Kolter, Koltun 2018 (arXiv:1803.01271, section 4.1 and the authors' code). The
input at t is (u_t, m_t) with u_t ~ U[0, 1); m is 1 at two different positions, all
pairs of them equally likely, and 0 elsewhere. The target is the sum of the two marked
numbers. `adding` has one marker in each half, `adding_pascanu` both in the first.

An example (T = 8):

    values   0.84 0.18 0.23 0.12 0.19 0.72 0.77 0.15
    markers     0    1    0    0    0    1    0    0
    targets     .    .    .    .    .    .    . 0.90

Scored: the last position, T - 1, by squared error. Chance is the variance of the
target, 2/12 = 1/6, reached by the constant 1.

A window of the last k inputs reaches (1/6)(1 - k/T), at odd T too: it holds either
marker with probability k/T, and each one that it does not hold costs 1/12. An error
therefore reads as an effective memory of T (1 - 6 MSE) inputs.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import check_length
from lib.tasks.marked import at, draw_uniform, marked_batch, marked_task
from lib.types import Batch, PRNGKey, Split, Task


def make_adding_any(split: Split, batch_size: int, max_length: int) -> Task:
    """Addition of two of `length` numbers, at least 2."""
    check_length("adding_any", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        value_key, place_key = jax.random.split(key)
        values = draw_uniform(value_key, max_length, batch_size)
        # The remainder of 32 bits is uniform to one in 2^32 / length.
        bits = jax.random.bits(place_key, (2, batch_size, 1), jnp.uint32)
        size = length.astype(jnp.uint32)
        first = bits[0] % size
        # One of the other positions: 1 to T - 1 further on, around the end.
        second = (first + 1 + bits[1] % (size - 1)) % size
        first, second = first.astype(jnp.int32), second.astype(jnp.int32)
        total = at(values, first) + at(values, second)
        return marked_batch(values, first, second, total, length)

    return marked_task(
        sample,
        max_length,
        floor=1 / 6,
        window_score=lambda length, k: min(k, length) / length,
    )
