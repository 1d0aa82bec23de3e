"""Group word: the product of all elements read so far, at every step.

The word problem of a finite group G (Barrington 1989; as a task of state tracking:
Merrill, Petty, Sabharwal 2024, arXiv:2404.08819, section 5): x_t uniform on G,
y_t = x_1 x_2 ... x_t. Groups of as many elements differ in what they ask for: A5 is
not solvable, Z60 is a sum modulo 60, and A4 x Z5 is solvable but does not commute.

An example (T = 8, group = S3):

    inputs   3 0 0 5 3 5 5 4
    targets  3 3 3 2 5 0 5 2

Elements are numbers: permutations in lexicographic order, so that 0 is the identity; a
product x y is x first, then y: (x y)(p) = y(x(p)).

Scored: every position. Chance is 1/|G|: the product with one unseen uniform element is
uniform. For the same reason a window of k inputs knows the first k products and no
other, a share of k/T.
"""

import functools
import itertools
import math
from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Int, PyTree

from lib.tasks.label import (
    check_length,
    draw_bits,
    label_batch,
    label_task,
    remainder,
)
from lib.types import Batch, PRNGKey, Split, Task

Group = Literal["A5", "Z60", "A4xZ5", "S5", "Z120", "A4", "S3", "Z6", "Z2"]
GROUPS = get_args(Group)
Permutation = tuple[int, ...]


def symmetric(n: int) -> list[Permutation]:
    """All permutations of n points."""
    return list(itertools.permutations(range(n)))


def alternating(n: int) -> list[Permutation]:
    """The permutations of n points with an even number of inversions."""
    pairs = list(itertools.combinations(range(n), 2))
    return [p for p in symmetric(n) if sum(p[i] > p[j] for i, j in pairs) % 2 == 0]


def cyclic(n: int) -> list[Permutation]:
    """The rotations of n points."""
    return [tuple((i + r) % n for i in range(n)) for r in range(n)]


@functools.cache
def elements(group: str) -> list[Permutation]:
    """A group as permutations; AxB acts with each factor on points of its own."""
    if "x" in group:
        first, second = (elements(factor) for factor in group.split("x"))
        moved = [tuple(len(first[0]) + i for i in p) for p in second]
        return [p + q for p in first for q in moved]
    make = {"A": alternating, "S": symmetric, "Z": cyclic}[group[0]]
    return make(int(group[1:]))


@functools.cache
def product_table(group: str) -> Int[np.ndarray, "G G"]:
    """The number of x y for the numbers of x (row) and y (column)."""
    members = elements(group)
    number = {p: i for i, p in enumerate(members)}
    rows = [[number[tuple(y[i] for i in x)] for y in members] for x in members]
    return np.array(rows, np.int32)


def make_group_word(
    split: Split, batch_size: int, max_length: int, *, group: Group = "A5"
) -> Task:
    """Products in a group over `length` elements, at least 1."""
    check_length("group_word", max_length, 1)
    table = product_table(group)
    size = len(table)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        x = remainder(draw_bits(key, max_length, batch_size), size)

        def multiply(y: Int[Array, " B"], x: Int[Array, " B"]) -> tuple[Array, Array]:
            y = data["product"][y, x]
            return y, y

        identity = jnp.zeros(batch_size, jnp.int32)
        _, products = lax.scan(multiply, identity, x.T)
        return label_batch(x, products.T, jnp.ones((1, max_length), bool), length)

    return label_task(
        sample,
        size,
        size,
        max_length,
        floor=lambda length: 1 / size,
        window_score=lambda length, k: min(k, length) / length,
        information=lambda length: math.log2(size),
        data={"product": jnp.asarray(table)},
    )
