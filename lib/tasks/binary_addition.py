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

There is no window score and no number of bits: what is to be kept of the first number
depends on where the second one begins, which is drawn. An upper bound would do for a
proof of memory, as the score of who is also told where that is and every carry; none is
given, since nothing says how far it lies above what a window knows.
"""

import functools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.tasks.label import check_length, draw_bits, label_batch, label_task, remainder
from lib.tasks.transduction import exact_match
from lib.types import Batch, PRNGKey, Split, Task

PLUS, EMPTY = 2, 3
END = 2  # of an answer
_BLOCK = 64  # sizes of the first number that are summed over at once


def below_power(size: Int[np.ndarray, " N"], length: int) -> Float[np.ndarray, "N I"]:
    """P(a + b < 2^i) for i = 0..T+1, a of `size` bits and b of the T - 1 others."""
    i = np.arange(length + 2)[None, :]
    small = np.minimum(size, length - 1 - size)[:, None]
    large = length - 1 - small
    power = lambda e: np.exp2(np.minimum(e, 0.0))  # none above 1 is used
    both = power(2 * i - length) + power(i - length)
    one = power(i - large) - power(small - large - 1) + power(-large - 1)
    return np.where(i <= small, both, np.where(i <= large, one, 1.0))


@functools.cache
def blind_accuracy(length: int) -> float:
    """The share of right symbols of who answers each place with its likeliest."""
    sizes = np.arange(1, length - 1)
    # In blocks: all sizes by all places are T^2 numbers.
    blocks = [sizes[i : i + _BLOCK] for i in range(0, len(sizes), _BLOCK)]
    shares = np.sum([_symbol_shares(size, length) for size in blocks], axis=0)
    return float(shares.max(0).sum() / shares.sum())


def _symbol_shares(
    size: Int[np.ndarray, " N"], length: int
) -> Float[np.ndarray, "3 I"]:
    """How often each place asks for 0, 1 and the end, summed over the sizes of a."""
    below = below_power(size, length)
    i = np.arange(length + 1)[None, :]
    large = np.maximum(size, length - 1 - size)[:, None]
    ones = np.where(i < large, 0.5, np.where(i == large, 1 - below[:, :-1], 0.0))
    at_most = below[:, :-1].copy()  # P(the sum has at most i digits); 0 has one
    at_most[:, 0] = 0
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

    return label_task(
        sample,
        4,
        3,
        max_length,
        floor=blind_accuracy,
        window_score=None,
        information=None,
        metrics={"exact_match": exact_match},
    )
