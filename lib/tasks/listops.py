"""ListOps: the value of nested lists of digits under MAX, MIN, MED and SM.

ListOps: a diagnostic dataset for latent tree learning (Nangia, Bowman 2018,
arXiv:1804.06028), here generated at a given length. A list is one of the operators with
its bracket, [MAX [MIN [MED [SM as 10 to 13, then its items, digits 0..9 or lists, then
the closing bracket 14. MED is the median of its items, of two in the middle the mean
rounded down, and SM their sum modulo 10.

An example (T = 14, max_depth = 4):

    inputs   11 10  8  8 11  4  2 14 12  2 14 14  5 14
    targets   .  .  .  .  .  .  .  .  .  .  .  .  .  5

T is the number of symbols, all of them one list. Lists are nested up to `max_depth`
deep, whatever T is: an item is a list with probability `nesting` where its list has
three symbols left and the depth allows it, and then has U{3..left} symbols. Otherwise
it is a digit. (In the original the length follows from the depth and from two to five
items a list; here a list has one item or as many as there is room for.)

Scored: the last position, T - 1. The ten values are not equally likely: MAX and MIN
make 9 and 0 frequent. The floor is the share of the likeliest value in 16,384 examples
of the generator, always the same ones, with a standard error of 0.004.

The window score is an upper bound, that of who is told all of the list but its first
symbol. This is the outermost operator, which is drawn apart from all else: of the four
values that the operators make of the items the likeliest is right, in the mean over the
examples of the floor, with a standard error of 0.002. For T - 1 symbols it is no bound
but the best; fewer know less. One alone, the closing bracket, tells nothing. The number
of bits to keep is not stated: a list that is open asks to keep its operator and what it
has come to, which for MED are the counts of its items.
"""

import functools
from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.setting import Bound, Probability
from lib.tasks.label import above_floor, check_length, label_task
from lib.tasks.list_writer import CLOSE, OPERATORS, evaluate, write_lists
from lib.types import Batch, PRNGKey, Split, Task

NUM_JUDGED = 16_384  # examples that the floor is measured on
JUDGED_AT_ONCE = 1024  # of them: 4096 symbols each take under 200 MB

_draw = jax.jit(write_lists, static_argnums=(2, 3, 4, 5))


class Shares(NamedTuple):
    """How many right answers who answers with the likeliest of these values has."""

    overall: float
    of_operators: float  # of what the four make of the outermost items


@functools.cache
def measured(length: int, max_depth: int, nesting: float) -> Shares:
    """The shares of right answers among examples that are always the same."""
    padded = 2 ** (length - 1).bit_length()  # to compile for few lengths
    counts, agreeing = np.zeros(10, np.int64), 0
    for index in range(NUM_JUDGED // JUDGED_AT_ONCE):
        key = jax.random.fold_in(jax.random.key(0), index)
        size = jnp.int32(length)
        batch, items = _draw(key, size, JUDGED_AT_ONCE, padded, max_depth, nesting)
        values = np.asarray(batch.targets[:, length - 1])
        counts += np.bincount(values, minlength=len(counts))
        agreeing += int(np.sum(most_agreeing(items)))
    return Shares(
        overall=float(counts.max() / NUM_JUDGED),
        of_operators=agreeing / (len(OPERATORS) * NUM_JUDGED),
    )


@jax.jit
def most_agreeing(counts: Int[Array, "N 10"]) -> Int[Array, " N"]:
    """How many of the operators make the same of a list's items, at the most."""
    each = [jnp.full(len(counts), i, jnp.int32) for i in range(len(OPERATORS))]
    values = jnp.stack([evaluate(operator, counts) for operator in each])
    same = (values[:, None] == values[None, :]).astype(jnp.int32)
    return jnp.max(jnp.sum(same, axis=1), axis=0)


def make_listops(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    max_depth: Annotated[int, Bound(1, 1000)] = 4,
    nesting: Probability = 0.25,
) -> Task:
    """The value of a list of `length` symbols, at least 3."""
    check_length("listops", max_length, 3)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        return write_lists(key, length, batch_size, max_length, max_depth, nesting)[0]

    def floor(length: int) -> float:
        return measured(length, max_depth, nesting).overall

    def window_score(length: int, k: int) -> float:
        if k == 1 or k >= length:
            return float(k >= length)
        shares = measured(length, max_depth, nesting)
        return above_floor(shares.of_operators, shares.overall)

    return label_task(
        sample,
        CLOSE + 1,
        10,
        max_length,
        floor=floor,
        window_score=window_score,
        information=None,
    )
