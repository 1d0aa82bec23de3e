"""Dyck: which closing bracket may come next? Brackets of k kinds, nested up to D deep.

RNNs can generate bounded hierarchical languages with optimal memory (Hewitt, Hahn,
Ganguli, Liang, Manning 2020, arXiv:2010.07515, section 3). Where nothing is open a
bracket opens, at depth D (`max_depth`) one closes, elsewhere either with probability
1/2; the kind of an opening one is uniform, of a closing one the innermost's.

Opening brackets are 0..k-1, closing ones k..2k-1 (k: `num_kinds`).

An example (T = 12, num_kinds = 2):

    inputs   1 0 2 3 1 3 1 0 1 3 1 3
    targets  1 0 1 . 1 . 1 0 1 0 1 0

Of the ways to ask about such a string this task takes the closing bracket that would be
valid next, the kind of the innermost open one, at every position where one is open:
there is one right answer at each, of k that are equally likely. (The paper looks only
where a bracket does close next, and at the probability of the right one.) A position
where all is closed asks nothing. Strings are cut off at T, not made to close.

Scored: every position where a bracket is open. Chance is 1/k, and so is the accuracy
where a window does not hold the opening of the innermost open bracket, whose kind
nothing else tells. Most openings are near: a bracket closes after n steps about as
rarely as n^(-3/2), up to what the depth allows.
"""

import functools
import math
from typing import Annotated

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.setting import Bound
from lib.tasks.label import check_length, draw_bits, label_batch, label_task
from lib.types import Batch, PRNGKey, Split, Task

Kinds = Annotated[int, Bound(2, 1000)]
Depth = Annotated[int, Bound(1, 1000)]


@functools.cache
def _transition(max_depth: int) -> Float[np.ndarray, "D+1 D+1"]:
    """The chances of the next depth (column) from each depth (row)."""
    up = np.full(max_depth, 0.5)
    up[0] = 1.0
    down = np.full(max_depth, 0.5)
    down[-1] = 1.0
    return np.diag(up, 1) + np.diag(down, -1)


@functools.cache
def _openings(max_depth: int, length: int) -> Float[np.ndarray, "T+1 D+1"]:
    """Expected openings to each depth (column) in the first so many steps (row)."""
    depth = np.eye(max_depth + 1)[0]
    up = np.triu(_transition(max_depth))
    opened = np.zeros((length + 1, max_depth + 1))
    for t in range(length):
        opened[t + 1] = depth @ up
        depth = depth @ _transition(max_depth)
    return opened.cumsum(0)


@functools.cache
def _still_open(max_depth: int, length: int) -> Float[np.ndarray, "T D+1"]:
    """The chance to be the innermost open one n steps (row) after opening to a depth.

    That is to be back at the depth without having gone below it.
    """
    found = np.zeros((length, max_depth + 1))
    for opened in range(1, max_depth + 1):
        above = _transition(max_depth)[opened:, opened:]
        depth = np.eye(len(above))[0]
        for n in range(length):
            found[n, opened] = depth[0]
            depth = depth @ above
    return found


def asked(length: int, k: int, max_depth: int) -> float:
    """Expected positions whose innermost open bracket opened within k inputs."""
    openings = _openings(max_depth, length)
    within = _still_open(max_depth, length)[: min(k, length)]
    ages = np.arange(len(within))
    return float(np.sum(within * openings[length - ages]))


def make_dyck(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_kinds: Kinds = 2,
    max_depth: Depth = 8,
) -> Task:
    """The bracket that may close next, over `length` brackets, at least 1."""
    check_length("dyck", max_length, 1)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        bits = draw_bits(key, max_length, batch_size).T  # [T, B]
        opens = (bits >> 31).astype(bool)
        kinds = (bits % jnp.uint32(num_kinds)).astype(jnp.int32)
        level = jnp.arange(max_depth, dtype=jnp.int32)[None, :]

        def read(state: tuple, drawn: tuple) -> tuple:
            stack, depth = state  # [B, D], [B, 1]
            opens, kind = drawn[0][:, None], drawn[1][:, None]
            opens = (opens | (depth == 0)) & (depth < max_depth)
            top = lambda depth: jnp.sum(
                jnp.where(level == depth - 1, stack, 0), axis=1, keepdims=True
            )
            token = jnp.where(opens, kind, num_kinds + top(depth))
            stack = jnp.where(opens & (level == depth), kind, stack)
            depth = depth + jnp.where(opens, 1, -1)
            innermost = jnp.where(opens, kind, top(depth))
            return (stack, depth), (token[:, 0], innermost[:, 0], depth[:, 0] > 0)

        stack = jnp.zeros((batch_size, max_depth), jnp.int32)
        depth = jnp.zeros((batch_size, 1), jnp.int32)
        _, found = lax.scan(read, (stack, depth), (opens, kinds))
        tokens, innermost, scored = (leaf.T for leaf in found)
        return label_batch(tokens, innermost, scored, length)

    def information(length: int) -> float:
        deepest = min(max_depth, length)
        return math.log2(sum(num_kinds**depth for depth in range(deepest + 1)))

    return label_task(
        sample,
        2 * num_kinds,
        num_kinds,
        max_length,
        floor=lambda length: 1 / num_kinds,
        window_score=lambda length, k: (
            asked(length, k, max_depth) / asked(length, length, max_depth)
        ),
        information=information,
    )
