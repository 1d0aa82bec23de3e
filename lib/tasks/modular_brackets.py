"""Modular arithmetic with brackets: the value of a nested expression, asked at the end.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A), with the grammar of the authors' code. Over digits d below m (`modulus`, 5
as published) an expression of n symbols is, for n = 1 to 4, d, -d, (d) or (-d); a
longer one is (A o B), with A of U{1..n-4} symbols, B of the rest and o one of +, -, x.

An example (T = 12):

    inputs   8 8 8 0 9 7 6 3 9 6 3 9
    targets  . . . . . . . . . . . 2

Symbols are the digits 0..m-1 and + - x ( ) as m..m+4. Scored: the last position. Chance
is the likeliest value, 0, which products make more frequent the longer the expression:
for m = 5 a share of 0.20 at length 1 and 0.31 at 250, by the recursion over A and B.

The window score is an upper bound, that of who is also told how the expression that the
window cuts through is made up: the sizes of its parts, of the parts of the one that is
cut, and so on, but no symbol (lib.tasks.bracket_window). It is measured, with a
standard error of at most 0.01 for m = 5.
"""

import functools
from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int, PyTree, UInt32

from lib.setting import Bound
from lib.tasks.bracket_window import value_shares, window_accuracy
from lib.tasks.label import (
    above_floor,
    check_length,
    label_batch,
    label_task,
    remainder,
)
from lib.types import Batch, PRNGKey, Split, Task

PLUS, MINUS, TIMES, OPEN, CLOSE = range(5)  # after the digits


class Writer(NamedTuple):
    """Where the writing of B expressions stands, each [B, 1] but the stack [B, D].

    Open brackets are on the stack: n >= 1 waits for the operator and a second part of n
    symbols; 0 waits for its closing bracket alone; -1 - (3 a + o) has the first part's
    value a and the operator o.
    """

    to_write: Int[Array, "B 1"]  # symbols of the expression to write; 0: it is written
    value: Int[Array, "B 1"]  # of the expression that was last written
    negative: Int[Array, "B 1"]  # 1 after the sign of a digit
    depth: Int[Array, "B 1"]
    stack: Int[Array, "B D"]


def write(state: Writer, bits: UInt32[Array, "B 1"], modulus: int) -> tuple:
    """Write one symbol; returns the state, the symbol and the value so far."""
    n, value, negative, depth, stack = state
    level = jnp.arange(stack.shape[1], dtype=jnp.int32)[None, :]
    top = jnp.sum(jnp.where(level == depth - 1, stack, 0), axis=1, keepdims=True)

    opens, is_digit = n >= 3, n == 1
    longer = jnp.maximum(n - 4, 1)
    first = 1 + (bits % longer.astype(jnp.uint32)).astype(jnp.int32)  # of both parts
    digit, operator = remainder(bits, modulus), remainder(bits, 3)
    symbol = jnp.where(opens, OPEN, MINUS)
    inside = jnp.where(n >= 5, first, n - 2)
    rest = jnp.where(n >= 5, n - 3 - first, 0)  # 0: brackets around a digit

    written = n == 0
    asks_operator, closes = written & (top > 0), written & (top <= 0)
    a, o = (-1 - top) // 3, (-1 - top) % 3
    both = jnp.where(o == PLUS, a + value, jnp.where(o == MINUS, a - value, a * value))
    signed = jnp.where(negative == 1, -digit, digit) % modulus
    symbol = jnp.where(asks_operator, operator, jnp.where(closes, CLOSE, symbol))

    pushed = jnp.where(opens, rest, -1 - (3 * value + operator))
    at = jnp.where(opens, depth, depth - 1)
    following = Writer(
        to_write=jnp.where(opens, inside, jnp.where(n == 2, 1, 0))
        + jnp.where(asks_operator, top, 0),
        value=jnp.where(
            is_digit, signed, jnp.where(closes & (top < 0), both % modulus, value)
        ),
        negative=(n == 2).astype(jnp.int32),
        depth=depth + opens.astype(jnp.int32) - closes.astype(jnp.int32),
        stack=jnp.where((opens | asks_operator) & (level == at), pushed, stack),
    )
    token = jnp.where(is_digit, digit, modulus + symbol)
    return following, (token[:, 0], following.value[:, 0])


def make_modular_brackets(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    modulus: Annotated[int, Bound(2, 100)] = 5,
) -> Task:
    """The value of a bracketed expression of `length` symbols, at least 1."""
    check_length("modular_brackets", max_length, 1)
    max_depth = max_length // 4 + 1  # each level leaves at least four symbols less

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        none = jnp.zeros((batch_size, 1), jnp.int32)
        stack = jnp.zeros((batch_size, max_depth), jnp.int32)
        start = Writer(jnp.full_like(none, length), none, none, none, stack)
        bits = jax.random.bits(key, (max_length, batch_size, 1), jnp.uint32)
        step = functools.partial(write, modulus=modulus)
        _, (tokens, values) = lax.scan(step, start, bits)
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        return label_batch(tokens.T, values.T, place == length - 1, length)

    def floor(length: int) -> float:
        return float(value_shares(length, modulus)[length].max())

    def window_score(length: int, k: int) -> float:
        return above_floor(window_accuracy(length, modulus, k), floor(length))

    return label_task(
        sample,
        modulus + 5,
        modulus,
        max_length,
        floor=floor,
        window_score=window_score,
        information=None,
    )
