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

There is no window score: what a window tells of the value depends on every symbol of
it. An upper bound would do for a proof of memory, but the one that is easily had, to
tell what the lists open before the window have come to, gives away the value: it is 1
and proves nothing. Neither is the number of bits to keep stated: a list that is open
asks to keep its operator and what it has come to, which for MED are the counts of its
items.
"""

import functools
from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Int, PyTree, UInt32

from lib.setting import Bound, Probability
from lib.tasks.label import check_length, label_batch, label_task, remainder
from lib.types import Batch, PRNGKey, Split, Task

OPERATORS = ("MAX", "MIN", "MED", "SM")  # symbols from 10 on
CLOSE = 14
NUM_JUDGED = 16_384  # examples that the floor is measured on
JUDGED_AT_ONCE = 1024  # of them: 4096 symbols each take under 200 MB


class Writer(NamedTuple):
    """Where the writing of B lists stands; level 0 of [B, D] is the outermost list."""

    depth: Int[Array, "B 1"]  # lists that are open
    left: Int[Array, "B D"]  # symbols left for the items of each
    operator: Int[Array, "B D"]
    counts: Int[Array, "B D 10"]  # how often each digit is among the items so far
    value: Int[Array, "B"]  # of the list that was last closed


def evaluate(
    operator: Int[Array, " N"], counts: Int[Array, "N 10"]
) -> Int[Array, " N"]:
    """The values of lists whose items are each digit so many times, at least one."""
    digits = jnp.arange(10, dtype=jnp.int32)[None, :]
    there = counts > 0
    largest = jnp.max(jnp.where(there, digits, 0), axis=-1)
    smallest = jnp.min(jnp.where(there, digits, 9), axis=-1)
    up_to = jnp.cumsum(counts, axis=-1)
    num_items = up_to[..., -1:]
    at = lambda i: jnp.sum((up_to <= i).astype(jnp.int32), axis=-1)  # by size
    median = (at((num_items - 1) // 2) + at(num_items // 2)) // 2
    total = jnp.sum(counts * digits, axis=-1) % 10
    return jnp.select(
        [operator == 0, operator == 1, operator == 2],
        [largest, smallest, median],
        total,
    )


def at_level(values: Int[Array, "B D"], level: Bool[Array, "B D"]) -> Int[Array, "B 1"]:
    """The value at the one level that is marked; 0 where none is."""
    return jnp.sum(jnp.where(level, values, 0), axis=1, keepdims=True)


def write(
    state: Writer, drawn: tuple[UInt32[Array, "B 1"], Bool[Array, "B 1"]], *, size: int
) -> tuple[Writer, tuple[Int[Array, " B"], Int[Array, " B"]]]:
    """Write one symbol; `size` is the number of levels D."""
    bits, nests = drawn
    depth, left, operator, counts, value = state
    levels = jnp.arange(size, dtype=jnp.int32)[None, :]
    top, above = levels == depth - 1, levels == depth
    room = at_level(left, top)

    closes = room == 0
    opens = (room >= 3) & (depth < size) & nests
    inside = 3 + (bits % jnp.maximum(room - 2, 1).astype(jnp.uint32)).astype(jnp.int32)
    digit, drawn_operator = remainder(bits, 10), remainder(bits, 4)
    used = jnp.where(opens, inside, jnp.where(closes, 0, 1))

    held = jnp.sum(jnp.where(top[..., None], counts, 0), axis=1)  # [B, 10]
    closed = evaluate(at_level(operator, top)[:, 0], held)
    item = jnp.where(closes[:, 0], closed, digit[:, 0])
    receives = jnp.where(closes, levels == depth - 2, top & ~opens)
    is_item = item[:, None, None] == jnp.arange(10, dtype=jnp.int32)[None, None, :]
    grown = counts + (receives[..., None] & is_item).astype(jnp.int32)
    state = Writer(
        depth=depth + opens.astype(jnp.int32) - closes.astype(jnp.int32),
        left=jnp.where(opens & above, inside - 2, jnp.where(top, left - used, left)),
        operator=jnp.where(opens & above, drawn_operator, operator),
        counts=jnp.where((opens & above)[..., None], 0, grown),
        value=jnp.where(closes[:, 0], closed, value),
    )
    symbol = jnp.where(opens, 10 + drawn_operator, jnp.where(closes, CLOSE, digit))
    return state, (symbol[:, 0], state.value)


def write_lists(
    key: PRNGKey,
    length: Int[Array, ""],
    batch_size: int,
    max_length: int,
    max_depth: int,
    nesting: float,
) -> Batch:
    """B lists of `length` symbols, padded to `max_length`."""
    bits_key, nest_key = jax.random.split(key)
    bits = jax.random.bits(bits_key, (max_length, batch_size, 1), jnp.uint32)
    u = jax.random.uniform(nest_key, (max_length, batch_size, 1), jnp.float32)
    none = jnp.zeros((batch_size, max_depth), jnp.int32)
    outermost = jnp.arange(max_depth, dtype=jnp.int32)[None, :] == 0
    first = remainder(bits[0], len(OPERATORS))
    start = Writer(
        depth=jnp.ones((batch_size, 1), jnp.int32),
        left=none + jnp.where(outermost, length - 2, 0),
        operator=jnp.where(outermost, first, none),
        counts=jnp.zeros((batch_size, max_depth, 10), jnp.int32),
        value=none[:, 0],
    )
    step = functools.partial(write, size=max_depth)
    _, (symbols, values) = lax.scan(step, start, (bits[1:], u[1:] < nesting))
    inputs = jnp.concatenate([10 + first.T, symbols]).T
    targets = jnp.concatenate([none[:1, :1] + 0 * first.T, values]).T
    place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
    return label_batch(inputs, targets, place == length - 1, length)


_draw = jax.jit(write_lists, static_argnums=(2, 3, 4, 5))


@functools.cache
def measured_floor(length: int, max_depth: int, nesting: float) -> float:
    """The share of the likeliest value among examples that are always the same."""
    padded = 2 ** (length - 1).bit_length()  # to compile for few lengths
    counts = np.zeros(10, np.int64)
    for index in range(NUM_JUDGED // JUDGED_AT_ONCE):
        key = jax.random.fold_in(jax.random.key(0), index)
        size = jnp.int32(length)
        batch = _draw(key, size, JUDGED_AT_ONCE, padded, max_depth, nesting)
        values = np.asarray(batch.targets[:, length - 1])
        counts += np.bincount(values, minlength=len(counts))
    return float(counts.max() / NUM_JUDGED)


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
        return write_lists(key, length, batch_size, max_length, max_depth, nesting)

    return label_task(
        sample,
        CLOSE + 1,
        10,
        max_length,
        floor=lambda length: measured_floor(length, max_depth, nesting),
        window_score=None,
        information=None,
    )
