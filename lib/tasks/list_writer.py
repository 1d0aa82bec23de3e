"""The writing of nested lists for lib.tasks.listops, symbol by symbol."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Int, UInt32

from lib.tasks.label import label_batch, remainder
from lib.types import Batch, PRNGKey

OPERATORS = ("MAX", "MIN", "MED", "SM")  # symbols from 10 on
CLOSE = 14


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
) -> tuple[Batch, Int[Array, "B 10"]]:
    """B lists of `length` symbols, padded, and the counts of the outermost items."""
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
    end, (symbols, values) = lax.scan(step, start, (bits[1:], u[1:] < nesting))
    inputs = jnp.concatenate([10 + first.T, symbols]).T
    targets = jnp.concatenate([none[:1, :1] + 0 * first.T, values]).T
    place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
    batch = label_batch(inputs, targets, place == length - 1, length)
    return batch, end.counts[:, 0]  # no list receives an item after the last bracket
