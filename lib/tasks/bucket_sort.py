"""Bucket sort: write the string's symbols in order of size.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A); laid out as lib.tasks.transduction says, with the empty token V.

An example (T = 6, num_symbols = 5):

    inputs   2 2 1 0 0 3 5 5 5 5 5 5
    targets  . . . . . . 0 0 1 2 2 3

Scored: the last T positions. Chance is not 1/V (V: `num_symbols`): the i-th of T
symbols is mostly about i V/T, and who answers that without reading has 0.91 of a string
of 250 right for V = 5. The floor is the mean over i of the likeliest value of the order
statistic, P(X_(i) <= v) = P(Binomial(T, (v + 1)/V) >= i), exactly.

What a window tells of a rank are the counts of the symbols it holds: its score is the
mean over them of the likeliest answer's share, exact for short strings and otherwise
over fixed draws, with a standard error of 0.001 (lib.tasks.sort_window). So that no
error lets a wider window score less than one of 2^i inputs, it has the best of theirs
and its own. What is to be kept are the counts, log2 of C(T + V - 1, V - 1) bits.
"""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lib.tasks.dyck import Kinds
from lib.tasks.label import above_floor, check_length, label_task
from lib.tasks.sort_window import window_accuracies
from lib.tasks.transduction import answer_after, exact_match
from lib.types import Split, Task


def binomial(n: int, p: float) -> Float[np.ndarray, " N"]:
    """The probabilities of 0..n successes, by logarithms."""
    if p == 1:
        return np.append(np.zeros(n), 1.0)
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    m = np.arange(n + 1)
    choices = factorial[n] - factorial - factorial[::-1]
    return np.exp(choices + m * math.log(p) + (n - m) * math.log1p(-p))


@functools.cache
def blind_accuracy(length: int, num_symbols: int) -> float:
    """The mean share of the likeliest symbol of each rank."""
    at_most = [
        # P(Binomial >= i) for i = 1..T
        np.cumsum(binomial(length, (v + 1) / num_symbols)[::-1])[::-1][1:]
        for v in range(num_symbols)
    ]
    shares = np.diff(np.array(at_most), axis=0, prepend=0)
    return float(np.mean(shares.max(0)))


_POWERS = tuple(2**i for i in range(31))


def window_accuracy(length: int, num_symbols: int, k: int) -> float:
    """The share of right symbols from the last k inputs, or from any 2^i of them."""
    of_powers = window_accuracies(length, num_symbols, _POWERS)
    reached = [a for a, size in zip(of_powers, _POWERS, strict=True) if size <= k]
    if k not in _POWERS:
        reached += [*window_accuracies(length, num_symbols, (k,))]
    return float(max(reached))


def make_bucket_sort(
    split: Split, batch_size: int, max_length: int, *, num_symbols: Kinds = 5
) -> Task:
    """A string of `length` symbols, at least 1, and it sorted, in arrays of twice."""
    check_length("bucket_sort", max_length, 1)

    def answer(symbols: Array, i: Array, length: Array) -> Array:
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        answers = jnp.zeros((batch_size, i.shape[0]), jnp.int32)
        for v in range(num_symbols - 1):
            held = jnp.where((symbols <= v) & (place < length), 1, 0)
            at_most = jnp.sum(held, axis=1, keepdims=True)
            answers = answers + (i[None, :] >= at_most).astype(jnp.int32)
        return answers

    def information(length: int) -> float:
        return math.log2(math.comb(length + num_symbols - 1, num_symbols - 1))

    def floor(length: int) -> float:
        return blind_accuracy(length, num_symbols)

    def window_score(length: int, k: int) -> float:
        return above_floor(window_accuracy(length, num_symbols, k), floor(length))

    return label_task(
        answer_after(batch_size, max_length, num_symbols, 1, answer),
        num_symbols + 1,
        num_symbols,
        max_length,
        floor=floor,
        window_score=window_score,
        information=information,
        metrics={"exact_match": exact_match},
    )
