"""Modular arithmetic: the value of a sum of products modulo m, asked at the end.

Neural networks and the Chomsky hierarchy (Deletang et al. 2023, arXiv:2207.02098,
appendix A), the version without brackets. Digits below m (`modulus`, 5 as published)
stand at even positions, the operators +, -, x as m, m + 1, m + 2 at odd ones; all are
uniform. Multiplication goes before the others.

An example (T = 9):

    inputs   2 5 0 5 3 7 3 7 3
    targets  . . . . . . . . 4

T is odd; as in the authors' code an even length drops one, and the last place is empty.
Scored: the last digit's position. Chance is the likeliest value, a little above 1/m in
short expressions, whose products are often 0; it is computed from the chain of the pair
(sum of the terms that are finished, product of the one that is not).

A window of k inputs fixes the value up to the pair before it: the finished terms add an
unknown sum, the unfinished one an unknown factor of what the window multiplies it with.
The window's score is the mean over its contents of the likeliest value given each.
"""

import functools
import math
from typing import Annotated

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.setting import Bound
from lib.tasks.label import (
    above_floor,
    check_length,
    draw_bits,
    label_batch,
    label_task,
    remainder,
)
from lib.types import Batch, PRNGKey, Split, Task


@functools.cache
def _states(num_digits: int, modulus: int) -> Float[np.ndarray, "m m"]:
    """The probability of each sum (row) and unfinished product (column)."""
    state = np.zeros((modulus, modulus))
    state[0] = 1 / modulus
    each = 1 / (3 * modulus)
    digit, value = np.arange(modulus), np.arange(modulus)
    for _ in range(num_digits - 1):
        times = np.zeros_like(state)
        for factor in digit:
            np.add.at(times.T, value * factor % modulus, each * state.T)
        finished = _values(state, 1)
        following = times + (2 * each * finished)[:, None]
        if np.array_equal(following, state):
            break  # the chain has come to its limit
        state = following
    return state


def _values(
    state: Float[np.ndarray, "m m"], factor: int, added: int = 0
) -> Float[np.ndarray, " m"]:
    """The probability of each value of sum + factor x product + added."""
    place = np.arange(len(state))
    value = (place[:, None] + factor * place[None, :] + added) % len(state)
    return np.bincount(value.ravel(), state.ravel(), len(state))


def _factors(num_digits: int, modulus: int, start: Float[np.ndarray, " m"]):
    """The distribution of a product that up to so many digits go on multiplying."""
    found, going = np.zeros(modulus), start
    value = np.arange(modulus)
    for _ in range(num_digits):
        found = found + going * (2 / 3)
        grown = np.zeros(modulus)
        for factor in range(modulus):
            np.add.at(grown, value * factor % modulus, going / (3 * modulus))
        going = grown
    return found + going


@functools.cache
def best_accuracy(length: int, k: int, modulus: int) -> float:
    """How often the likeliest value is right, given the last k of a length, odd."""
    if k >= length:
        return 1.0
    before = _states((length - k + 1) // 2, modulus)
    if k % 2 == 0:  # the window begins with an operator
        factors = _factors(k // 2, modulus, np.eye(modulus)[1 % modulus])
        guesses = [_values(before, c).max() for c in range(modulus)]
        return float(factors @ guesses)
    factors = _factors((k - 1) // 2, modulus, np.full(modulus, 1 / modulus))
    guesses = [
        (_values(before, 1, c) + _values(before, 1, -c) + _values(before, c)).max() / 3
        for c in range(modulus)
    ]
    return float(factors @ guesses)


def make_modular_arithmetic(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    modulus: Annotated[int, Bound(2, 100)] = 5,
) -> Task:
    """The value of an expression of `length` digits and operators, at least 1."""
    check_length("modular_arithmetic", max_length, 1)
    num_digits = (max_length + 1) // 2
    minus, times = modulus + 1, modulus + 2

    def read(state: tuple[Array, Array], pair: tuple[Array, Array]) -> tuple:
        total, product = state
        operator, digit = pair
        goes_on = operator == times
        total = jnp.where(goes_on, total, (total + product) % modulus)
        term = jnp.where(operator == minus, -digit, digit)
        product = jnp.where(goes_on, product * digit, term) % modulus
        return (total, product), (total + product) % modulus

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        length = length - 1 + length % 2
        bits = draw_bits(key, 2 * num_digits, batch_size)
        operators = modulus + remainder(bits[:, ::2], 3)  # the first before all digits
        digits = remainder(bits[:, 1::2], modulus)
        pairs = jnp.stack([operators, digits], axis=2).reshape(batch_size, -1)
        plus = jnp.full_like(operators[:, :1], modulus)
        operators = jnp.concatenate([plus, operators[:, 1:]], axis=1)
        none = jnp.zeros(batch_size, jnp.int32)
        _, values = lax.scan(read, (none, none), (operators.T, digits.T))
        answers = jnp.repeat(values.T, 2, axis=1)[:, :max_length]
        place = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        inputs = pairs[:, 1 : max_length + 1]
        inputs = jnp.pad(inputs, ((0, 0), (0, max_length - inputs.shape[1])))
        return label_batch(inputs, answers, place == length - 1, length)

    def floor(length: int) -> float:
        return best_accuracy(length - 1 + length % 2, 0, modulus)

    def window_score(length: int, k: int) -> float:
        reached = best_accuracy(length - 1 + length % 2, k, modulus)
        return above_floor(reached, floor(length))

    return label_task(
        sample,
        modulus + 3,
        modulus,
        max_length,
        floor=floor,
        window_score=window_score,
        information=lambda length: math.log2(modulus),
    )
