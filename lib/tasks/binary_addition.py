"""Binary addition: write the sum of two numbers, from the lowest digit on.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A), with the layout of the authors' code: n ~ U{1..T-2} bits, the token 2 for
the sign, and T - 1 - n bits, each number from its lowest digit on. At the T + 1 empty
tokens (3) that follow, the sum is written from its lowest digit to its highest one, and
ends with the symbol 2. Unlike theirs the numbers may be 0: all bits are uniform.

An example (T = 6):

    inputs   0 0 1 1 2 1 3 3 3 3 3 3 3
    targets  . . . . . . 1 0 1 1 2 . .

Scored: the answer up to its end; `exact_match` is the share of answers that are right
from end to end. The `length` is T, in arrays of 2 T + 1. Chance is, at each place, the
likeliest of 0, 1 and the end, weighted by how often the place is asked. All three
follow from the probability that the sum of an n-bit and an m-bit number is below 2^i.

The window score is an upper bound: that of who is also told where the second number
begins, in closed form (lib.tasks.addition_window). Who is not told knows it only where
the window holds the sign. By enumeration the best score is then less by up to 0.16 for
T = 8 and 0.25 for T = 16, the most at k = T - 1, and the same from k = 2 T - 4 on. With
growing T the bound comes to 1/3 at k = T, for the places of the second number beyond
the first one's end, and to 0.999 at k = T + 8. No number of bits is stated: what is to
be kept of the first number depends on where the second one begins, which is drawn.
"""

import functools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.tasks.addition_window import at_most_digits, size_blocks, window_accuracy
from lib.tasks.label import (
    above_floor,
    check_length,
    draw_bits,
    label_batch,
    label_task,
    remainder,
)
from lib.tasks.transduction import exact_match
from lib.types import Batch, PRNGKey, Split, Task

PLUS, EMPTY = 2, 3
END = 2  # of an answer


@functools.cache
def blind_accuracy(length: int) -> float:
    """The share of right symbols of who answers each place with its likeliest."""
    blocks = size_blocks(length)
    shares = np.sum([_symbol_shares(size, length) for size in blocks], axis=0)
    return float(shares.max(0).sum() / shares.sum())


def _symbol_shares(
    size: Int[np.ndarray, " N"], length: int
) -> Float[np.ndarray, "3 I"]:
    """How often each place asks for 0, 1 and the end, summed over the sizes of a."""
    at_most = at_most_digits(size, length)
    i = np.arange(length + 1)[None, :]
    large = np.maximum(size, length - 1 - size)[:, None]
    ones = np.where(i < large, 0.5, np.where(i == large, 1 - at_most, 0.0))
    zeros = 1 - ones - at_most  # a higher digit follows, or the sum is 0 itself
    ends = np.diff(at_most, axis=1, prepend=0)
    return np.stack([zeros, ones, ends]).sum(axis=1)


def add(
    a: Int[Array, "B N"], b: Int[Array, "B N"]
) -> tuple[Int[Array, "B N"], Int[Array, "B 1"]]:
    """The digits of a + b, modulo 2^N, and how many there are, at least one."""

    def digit(carry: Int[Array, " B"], both: Int[Array, " B"]) -> tuple[Array, Array]:
        total = carry + both
        return total // 2, total % 2

    _, digits = lax.scan(digit, jnp.zeros(len(a), jnp.int32), (a + b).T)
    place = 1 + jnp.arange(len(digits), dtype=jnp.int32)[None, :]
    highest = jnp.max(digits.T * place, axis=1, keepdims=True)
    return digits.T, jnp.maximum(highest, 1)


def make_binary_addition(split: Split, batch_size: int, max_length: int) -> Task:
    """The sum of two numbers that are written in `length` inputs, at least 3."""
    check_length("binary_addition", max_length, 3)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        drawn = draw_bits(key, max_length + 1, batch_size)
        first, bits = drawn[:, :1], remainder(drawn[:, 1:], 2)
        size = 1 + (first % (length - 2).astype(jnp.uint32)).astype(jnp.int32)
        answer_size = max_length + 1
        i = jnp.arange(answer_size, dtype=jnp.int32)[None, :]
        bits = jnp.pad(bits, ((0, 0), (0, 1)))
        second = jnp.minimum(size + 1 + i, max_length)
        a = jnp.where(i < size, bits, 0)
        b = jnp.take_along_axis(bits, second, axis=1)
        digits, count = add(a, jnp.where(second < length, b, 0))

        inputs = jnp.pad(jnp.where(i == size, PLUS, bits), ((0, 0), (0, max_length)))
        place = jnp.arange(max_length + answer_size, dtype=jnp.int32)[None, :]
        inputs = jnp.where(place < length, inputs, EMPTY)
        i = place - length
        written = jnp.take(digits, jnp.clip(i[0], 0, max_length), axis=1)
        answers = jnp.where(i == count, END, written)
        scored = (i >= 0) & (i <= count)
        return label_batch(inputs, answers, scored, 2 * length + 1)

    def window_score(length: int, k: int) -> float:
        reached = window_accuracy(length, min(k, 2 * length + 1))
        return above_floor(reached, blind_accuracy(length))

    return label_task(
        sample,
        4,
        3,
        max_length,
        floor=blind_accuracy,
        window_score=window_score,
        information=None,
        metrics={"exact_match": exact_match},
    )
