"""What the last symbols of a string tell of it sorted, for lib.tasks.bucket_sort.

A window that holds n of T symbols, c_v of them at most v, knows of the i-th symbol in
order that

    P(X_(i) <= v | c) = P(Binomial(T - n, (v + 1)/V) >= i - c_v)

and guesses the likeliest. The share of right guesses is the mean over all counts c:
exactly, where there are at most `num_judged(V)` different ones (n up to 14 for V = 5);
otherwise over the counts of so many strings, always the same ones. A score that is
estimated has a standard error of at most 0.001 (0.002 for V = 1000).
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Counts(NamedTuple):
    """Strings by how many of their symbols are at most v, for all v but the last."""

    up_to: Int[np.ndarray, "v N"]
    share: Float[np.ndarray, " N"]


def num_judged(num_symbols: int) -> int:
    """How many counts a mean is taken over: 4096, fewer of more than 20 symbols."""
    return min(4096, 80_000 // num_symbols)


@functools.cache
def all_counts(size: int, num_symbols: int) -> Counts:
    """Every count of the symbols of a string, and how likely it is."""
    bars = itertools.combinations(range(size + num_symbols - 1), num_symbols - 1)
    order = np.arange(num_symbols - 1, dtype=np.int32)[:, None]
    up_to = np.array(list(bars), np.int32).T - order
    counts = np.diff(up_to, axis=0, prepend=0, append=size)
    log_factorial = np.array([math.lgamma(n + 1) for n in range(size + 1)])
    ways = log_factorial[size] - log_factorial[counts].sum(0)
    return Counts(up_to, np.exp(ways - size * math.log(num_symbols)))


@functools.cache
def window_accuracies(
    length: int, num_symbols: int, windows: tuple[int, ...]
) -> Float[np.ndarray, " K"]:
    """The share of right symbols of the best guesses, for each k of `windows`."""
    below = np.arange(num_symbols - 1)[:, None]
    chance = (below + 1) / num_symbols
    num = num_judged(num_symbols)
    symbols = np.random.default_rng(0).integers(num_symbols, size=(length, num))
    up_to = np.stack([np.sum(symbols <= v, axis=0) for v in range(num_symbols - 1)])
    reach = np.zeros((num_symbols - 1, length + 2))  # P(Binomial(T - n, .) >= c)
    reach[:, 0] = 1
    # The rank i is asked when the last k inputs hold k - i symbols: here, all.
    right = np.clip(np.array(windows, float) - length, 0, length)
    for n in range(length - 1, 0, -1):
        reach[:, 1:] = chance * reach[:, :-1] + (1 - chance) * reach[:, 1:]
        up_to = up_to - (symbols[n] <= below)
        few = math.comb(n + num_symbols - 1, n) <= num
        drawn = Counts(up_to, np.full(num, 1 / num))
        counts = all_counts(n, num_symbols) if few else drawn
        for place, k in enumerate(windows):
            if 1 <= k - n <= length:
                right[place] += _best_share(reach, counts, k - n)
    reach[:, 1:] = chance * reach[:, :-1] + (1 - chance) * reach[:, 1:]
    unseen = np.diff(reach[:, 1:-1], axis=0, prepend=0, append=1).max(0)
    right += [unseen[max(k - 1, 0) :].sum() for k in windows]
    return right / length


def _best_share(reach: Float[np.ndarray, "v c"], counts: Counts, rank: int) -> float:
    """How often the likeliest symbol is that of the rank."""
    needed = np.clip(rank - counts.up_to, 0, reach.shape[1] - 1)
    at_most = np.take_along_axis(reach, needed, axis=1)
    shares = np.diff(at_most, axis=0, prepend=0, append=1)
    return float(shares.max(0) @ counts.share)
