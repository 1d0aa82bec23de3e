"""What the last symbols of an expression tell of its value: an upper bound.

For lib.tasks.modular_brackets, over expressions (A o B) of n symbols of which the first
c are not seen. Who sees the others, and is told how many of them A has, knows of the
value x of the whole, given what is known of the values a and b of A and B, that

    P(x) = sum_a P(a) [a o b = x]               where c ends in A or with it: b, o known
    P(x) = sum_a,o,b P(a) P(b) [a o b = x] / 3  where c ends behind: a, o unknown

and so on into the part where c ends. A part of which nothing is seen, or its closing
bracket alone, has the value shares of its size; one of which no digit and no operator
is missing is known. The best answer is right with probability max_x P(x).

The mean is taken over expressions that are drawn, always the same ones: `num_judged(m)`
of them, which gives a standard error of at most 0.007 in the accuracy (m = 5).
"""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

STEPS = 16  # windows that are looked at from a size to the double of it
MOST = 4096  # expressions


@functools.cache
def value_shares(length: int, modulus: int) -> Float[np.ndarray, "T+1 m"]:
    """The probability of each value (column) of expressions up to a length (row)."""
    shares = np.full((length + 1, modulus), 1 / modulus)
    a, b = np.indices((modulus, modulus))
    values = [(f % modulus).ravel() for f in (a + b, a - b, a * b)]
    for n in range(5, length + 1):
        left, right = shares[1 : n - 3], shares[n - 4 : 0 : -1]
        both = (left.T @ right / (n - 4)).ravel()
        of_each = [np.bincount(value, both, modulus) for value in values]
        shares[n] = np.mean(of_each, axis=0)
    return shares


def num_judged(modulus: int) -> int:
    """How many expressions a mean is taken over: 4096, fewer for large moduli."""
    return min(MOST, 80_000 // modulus)


@functools.cache
def window_grid(length: int) -> tuple[int, ...]:
    """All windows of up to `STEPS` symbols, so many an octave from there, and T."""
    sizes = {min(k, length) for k in range(1, STEPS + 1)} | {length}
    low = STEPS
    while low < length:
        octave = range(low, min(2 * low, length), low // STEPS)
        sizes |= set(octave)
        low *= 2
    return tuple(sorted(sizes))


def window_accuracy(length: int, modulus: int, k: int) -> float:
    """The share of right answers from the next window of the grid, or a narrower one.

    So that no error of the mean lets a wider window score less.
    """
    place = np.searchsorted(window_grid(length), min(k, length))
    return float(grid_accuracies(length, modulus)[place])


@functools.cache
def grid_accuracies(length: int, modulus: int) -> Float[np.ndarray, " K"]:
    """The best shares of right answers of the windows of the grid and narrower ones."""
    known = [
        what_is_known(length, length - k, modulus).max(1).mean()
        for k in window_grid(length)
    ]
    return np.minimum(np.maximum.accumulate(known), 1.0)


class Cut(NamedTuple):
    """Expressions (A o B) in which the window begins, at one depth of those drawn."""

    drawn: Int[np.ndarray, " n"]  # which of them
    change: Int[np.ndarray, " n"]  # the number of a transition


def what_is_known(length: int, unseen: int, modulus: int) -> Float[np.ndarray, "N m"]:
    """The probabilities of the values of N expressions after so many unseen symbols."""
    random = np.random.default_rng(0)
    shares, changes = value_shares(length, modulus), transitions(length, modulus)
    up_to = shares.cumsum(1)[:, :-1]

    def draw(size: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        return np.sum(random.random((len(size), 1)) >= up_to[size], axis=1)

    drawn = np.arange(num_judged(modulus))
    n, c = np.full_like(drawn, length), np.full_like(drawn, unseen)
    chances = np.zeros((len(drawn), modulus))
    cuts = []
    while len(drawn):
        blank = c >= n - (n >= 3)  # nothing is seen, or a closing bracket
        chances[drawn[blank]] = shares[n[blank]]
        seen = ~blank & ((c <= 1) | (n <= 4))  # but for an opening bracket or a sign
        chances[drawn[seen], draw(n[seen])] = 1.0
        goes_on = ~blank & ~seen
        drawn, n, c = drawn[goes_on], n[goes_on], c[goes_on]
        first = random.integers(1, n - 3)
        second = n - 3 - first
        in_first = c <= first + 1
        operation = random.integers(3, size=len(n)) * modulus + draw(second)
        cuts.append(Cut(drawn, np.where(in_first, operation, 3 * modulus + first)))
        n = np.where(in_first, first, second)
        c = np.where(in_first, c - 1, c - 2 - first)
    for drawn, change in reversed(cuts):
        after = np.einsum("nv,nvx->nx", chances[drawn], changes[change])
        chances[drawn] = after
    return chances


@functools.cache
def transitions(length: int, modulus: int) -> Float[np.ndarray, "s m m"]:
    """P(value of an expression | that of its part), in three and more matrices [m, m].

    Number o m + b: of a first part, before operator o and b; 3 m + n: of a second part,
    after any operator and a first part of n symbols.
    """
    a, b = np.indices((modulus, modulus))
    results = np.stack([a + b, a - b, a * b]) % modulus
    gives = np.eye(modulus)[results]  # [o, a, b, x]
    of_first = gives.swapaxes(1, 2).reshape(3 * modulus, modulus, modulus)
    of_second = np.einsum(
        "na,abx->nbx", value_shares(length, modulus), gives.mean(0), optimize=True
    )
    return np.concatenate([of_first, of_second])
