"""Stack manipulation: write what is on a stack after some actions, from its top.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A), with the layout of the authors' code. U{1..T-1} uniform bits, the stack
from its bottom, are followed by actions to fill T inputs: pop (2), push a 0 (3) or push
a 1 (4), equally likely; a pop of an empty stack does nothing. At the T + 1 empty tokens
(5) that follow, the stack is written from its top and ends with the symbol 2.

An example (T = 6):

    inputs   1 0 0 2 4 4 5 5 5 5 5 5 5
    targets  . . . . . . 1 1 0 1 2 . .

Scored: the answer up to its end, one symbol more than the stack is deep; `exact_match`
is the share of answers that are right from end to end. The `length` is T, in arrays of
2 T + 1. A bit is 0 or 1 alike wherever it stands, so chance is, at each place, the
likelier of a given bit and the end, weighted by how often the place is asked: exactly,
from the chain of the depth. The stack is at most T deep: log2(2^(T + 1) - 1) bits.

A window of the last inputs knows the symbols that its pushes leave on the stack, and of
those below only how likely each depth is, or the depth as well where it holds some of
the first bits: its score is the exact mean over all windows (lib.tasks.stack_window).
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import (
    above_floor,
    check_length,
    draw_bits,
    label_batch,
    label_task,
    remainder,
)
from lib.tasks.stack_window import depth_shares, window_accuracy
from lib.tasks.transduction import exact_match
from lib.types import Batch, PRNGKey, Split, Task

POP, EMPTY = 2, 5  # a push of bit b is 3 + b
END = 2  # of an answer


@functools.cache
def blind_accuracy(length: int) -> float:
    """The share of right symbols of who answers each place with its likeliest."""
    ends = depth_shares(length)  # of an answer, at each place
    goes_on = np.append(ends[:0:-1].cumsum()[::-1], 0)
    return float(np.maximum(ends, goes_on / 2).sum() / (ends + goes_on).sum())


def final_stack(
    kinds: Int[Array, "B T"], bits: Int[Array, "B T"]
) -> tuple[Int[Array, "B T"], Int[Array, "B 1"]]:
    """The stack from its top, with what else there was behind, and its depth.

    Kinds are 1 where the bit is pushed, -1 for a pop, 0 for nothing.
    """
    walk = jnp.cumsum(kinds, axis=1)
    depth = walk - jnp.minimum(lax.cummin(walk, axis=1), 0)
    stays = (kinds == 1) & (depth <= lax.cummin(depth, axis=1, reverse=True))
    row = jnp.arange(len(bits), dtype=jnp.int32)[:, None]
    from_top = jnp.where(stays, depth[:, -1:] - depth, bits.shape[1])
    stack = jnp.zeros_like(bits).at[row, from_top].set(bits, mode="drop")
    return stack, depth[:, -1:]


def make_stack_manipulation(split: Split, batch_size: int, max_length: int) -> Task:
    """The stack after the pushes and pops of `length` inputs, at least 2."""
    check_length("stack_manipulation", max_length, 2)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        drawn = draw_bits(key, max_length + 1, batch_size)
        first, drawn = drawn[:, :1], drawn[:, 1:]
        size = 1 + (first % (length - 1).astype(jnp.uint32)).astype(jnp.int32)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        bits = (drawn >> 31).astype(jnp.int32)
        action = remainder(drawn, 3)  # a pop, or the push of 0 or 1
        pops = (place >= size) & (action == 0)
        bits = jnp.where(place < size, bits, action - 1)
        kinds = jnp.where(place < length, jnp.where(pops, -1, 1), 0)
        stack, depth = final_stack(kinds, bits)

        read = jnp.where(place < size, bits, POP + action)
        size = max_length + 1  # of the answer's part of the arrays
        inputs = jnp.pad(read, ((0, 0), (0, size)))
        place = jnp.arange(max_length + size, dtype=jnp.int32)[None, :]
        inputs = jnp.where(place < length, inputs, EMPTY)
        i = place - length
        written = jnp.take(stack, jnp.clip(i[0], 0, max_length - 1), axis=1)
        answers = jnp.where(i == depth, END, written)
        scored = (i >= 0) & (i <= depth)
        return label_batch(inputs, answers, scored, 2 * length + 1)

    def window_score(length: int, k: int) -> float:
        return above_floor(window_accuracy(length, k), blind_accuracy(length))

    return label_task(
        sample,
        6,
        3,
        max_length,
        floor=blind_accuracy,
        window_score=window_score,
        information=lambda length: math.log2(2 ** (length + 1) - 1),
        metrics={"exact_match": exact_match},
    )
