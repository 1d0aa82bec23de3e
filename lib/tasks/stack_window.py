"""What the last inputs tell of a stack, for lib.tasks.stack_manipulation, exactly.

U of T inputs come before a window, n = T - U are in it. One that holds actions alone
leaves r known pushes on the stack and takes p more off what was there, of which only
the chances of its depth D are known. With S_n the sum of the window's steps, +1 with
2/3 and -1 with 1/3, p is -min S and r is S_n + p: by the reflection principle, with
b(s) = P(S_n = s),

    P(S_n = s, r < j) = b(s) - 2^(s - j) b(2 j - s)              for s < j
    P(r = j, p)       = 2^-p (b(j + p) - b(j + p + 2) / 2)

The answer at place j depends on nothing else. It is known where r > j. Otherwise the
stack ends there if D is p + j - r (at most p, for r = j), and goes on with a fair bit
if D is more: the best guess is the likelier of the end and a bit. A window that also
holds some of the bits that are read first knows the depth, and all but the bits that it
does not hold. It sums over all places in a time that grows as T^2.
"""

import functools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


def depth_masses(length: int) -> Iterator[Float[np.ndarray, " T+2"]]:
    """P(depth, and only actions follow) after 1..T inputs; there is no depth T + 1."""
    mass = np.zeros(length + 2)
    for step in range(1, length + 1):
        acted = np.zeros(length + 2)
        acted[1:] = mass[:-1] * (2 / 3)
        acted[:-1] += mass[1:] / 3
        acted[0] += mass[0] / 3
        if step < length:
            acted[step] += 1 / (length - 1)  # the stacks that are all read by now
        mass = acted
        yield mass


@functools.cache
def depth_shares(length: int) -> Float[np.ndarray, " T+1"]:
    """The probabilities of the final depths 0..T."""
    *_, mass = depth_masses(length)
    return mass[:-1]


@functools.cache
def window_accuracy(length: int, k: int) -> float:
    """The share of right symbols of the best answers from the last k inputs."""
    ends = depth_shares(length)  # of an answer, at each place
    goes_on = np.append(ends[:0:-1].cumsum()[::-1], 0.0)
    asked, blind = ends + goes_on, np.maximum(ends, goes_on / 2)
    held = k - 1 - np.arange(length + 1)  # inputs of the string, when place j is asked
    right = np.where(held < 0, blind, np.where(held < length, 0.0, asked))
    log_factorial = np.array([math.lgamma(n + 1) for n in range(length + 1)])
    for step, mass in enumerate(depth_masses(length), start=1):
        size = length - step
        j = k - 1 - size
        if 0 <= j <= length:  # the window begins behind the inputs up to `step`
            acted = _after_actions(_steps(log_factorial[: size + 1]), mass, j)
            depth_known = ends[j] - acted.ends + (goes_on[j] - acted.goes_on) / 2
            right[j] += acted.right + depth_known
        j = k - 1 - step
        if 0 <= j <= length and step < length:
            # The window holds `step` inputs. If it begins with bits, of which there
            # are fewer than that, those that are left at place j are known as well.
            left = mass[j + 1 :].sum() - (step > j) / (length - 1)
            right[j] += left / 2
    return float(right.sum() / asked.sum())


def _steps(log_factorial: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n+1"]:
    """The probabilities of u = 0..n pushes among n actions: b(2 u - n)."""
    n = len(log_factorial) - 1
    ways = log_factorial[n] - log_factorial - log_factorial[::-1]
    return np.exp(ways + np.arange(n + 1) * math.log(2) - n * math.log(3))


class _Place(NamedTuple):
    """What is asked at a place behind a window of actions, and how often it is right.

    Probabilities, all together with that of such a window.
    """

    right: float
    ends: float
    goes_on: float


def _after_actions(
    b: Float[np.ndarray, " n"], mass: Float[np.ndarray, " T+2"], j: int
) -> _Place:
    """Place j behind n actions on stacks of which `mass` are 0..T deep."""
    n, last = len(b) - 1, len(mass) - 1
    more = mass[::-1].cumsum()[::-1]  # P(D >= d)
    first = (j + n + 1) // 2  # the least number of pushes for a sum of j
    u = np.arange(min(first, n + 1))
    below = b[: len(u)].copy()  # r < j, by the sum 2 u - n
    below[j:] -= b[: j + n - len(u) : -1] * np.exp2(2.0 * u[j:] - n - j)
    depth = np.minimum(j + n - 2 * u, last)  # with which the stack ends at j
    behind = np.minimum(depth + 1, last)
    p = 2 * np.arange(first, n + 1) - n - j
    at = np.exp2(-1.0 * p) * (b[first:] - np.append(b[first + 1 :], 0.0)[: len(p)] / 2)
    deeper = more[np.minimum(p + 1, last)]
    surely = more[0] * max(1 - below.sum() - at.sum(), 0.0)  # r > j
    ends = at @ (more[0] - deeper) + below @ mass[depth]
    goes_on = surely + at @ deeper + below @ more[behind]
    guessed = np.maximum(more[0] - deeper, deeper / 2)
    right = at @ guessed + below @ np.maximum(mass[depth], more[behind] / 2)
    return _Place(surely + float(right), float(ends), float(goes_on))
