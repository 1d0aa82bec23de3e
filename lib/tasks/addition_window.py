"""What the last inputs tell of a sum, for lib.tasks.binary_addition, in closed form.

Of a, of n bits, and b, of m, a window holds the last j of T symbols: it lacks the u
lowest bits of a and the v lowest of b. Of who is also told n, and with l = max(u, v):

- Place i < l of the sum is 1 as often as not, whatever is seen: a fair bit that is not
  seen is added there. The best guess is 1.
- From place l on all is known but the carry c into it. H = (a >> l) + (b >> l) and
  H + 1 differ at place i where the i - l lowest digits of H are ones, with 2^(l - i),
  up to the last place L of the longer number, max(n, m). Beyond it an answer that is
  asked is known. With q = P(c = 1 | seen), which does not depend on H, the best guess
  is wrong, where they differ, with

      w = E min(q, 1 - q) = 1/4                             if v < u <= m
                            (2^m - 1) / 2^(l + 1)           if v < u and m < u
                            (2^min(n, l) - 1) / 2^(l + 1)   if u <= v

  With v < u it is the mean of (b mod 2^u) / 2^u over what is not seen of b, on the
  side of 1/2 that b's bit u - 1 says, if b has one. With u <= v no bit below l is seen.

If H = c = 0, place l is the end, or not asked where the sum has fewer digits. The end
still has 1/2 if q <= 1/2, and 1 - q if not, so that w holds. But if l = u = v >= 3 it
has 3/8 + 2^-(l + 2), less than q: the best guess is 1.
"""

import functools

import numpy as np
from jaxtyping import Float, Int

_BLOCK = 64  # sizes of a that are summed over at once


def size_blocks(length: int) -> list[Int[np.ndarray, " N"]]:
    """All sizes of a, in blocks: with all places they make T^2 numbers."""
    sizes = np.arange(1, length - 1)
    return [sizes[i : i + _BLOCK] for i in range(0, len(sizes), _BLOCK)]


def below_power(size: Int[np.ndarray, " N"], length: int) -> Float[np.ndarray, "N I"]:
    """P(a + b < 2^i) for i = 0..T, a of `size` bits and b of the T - 1 others."""
    i = np.arange(length + 1)[None, :]
    small = np.minimum(size, length - 1 - size)[:, None]
    large = length - 1 - small
    power = lambda e: np.exp2(np.minimum(e, 0.0))  # none above 1 is used
    both = power(2 * i - length) + power(i - length)
    one = power(i - large) - power(small - large - 1) + power(-large - 1)
    return np.where(i <= small, both, np.where(i <= large, one, 1.0))


def at_most_digits(
    size: Int[np.ndarray, " N"], length: int
) -> Float[np.ndarray, "N I"]:
    """The probability that a sum has at most i = 0..T digits; 0 has one."""
    at_most = below_power(size, length)
    at_most[:, 0] = 0
    return at_most


@functools.cache
def window_accuracy(length: int, k: int) -> float:
    """The best share of right symbols from the last k inputs and where b begins."""
    asked = wrong = 0.0
    for size in size_blocks(length):
        fewer = np.pad(at_most_digits(size, length)[:, :-1], ((0, 0), (1, 0)))
        asked += np.sum(1 - fewer)
        wrong += np.sum(_wrong(size[:, None], 1 - fewer, k))
    return float(1 - wrong / asked)


def _wrong(
    n: Int[np.ndarray, "N 1"], asked: Float[np.ndarray, "N I"], k: int
) -> Float[np.ndarray, "N I"]:
    """How often place i is asked and answered wrongly."""
    length = asked.shape[1] - 1
    m, i = length - 1 - n, np.arange(length + 1)[None, :]
    held = np.clip(k - 1 - i, 0, length)
    u, v = np.minimum(n, length - held), np.maximum(m - held, 0)
    low = np.maximum(u, v)
    half = lambda e: np.exp2(-1.0 * e)
    added = np.minimum(np.where(u > v, m, n), low)  # bits that make the carry
    carry = half(low + 1 - added) - half(low + 1)
    carry = np.where((u > v) & (m >= u), 1 / 4, carry)
    # u = v: H is the `held` bits of b that are seen.
    no_end = half(held) * np.maximum(carry - 3 / 8 - half(low + 2), 0.0)
    run = carry * half(np.maximum(i - low, 0))
    run = np.where((u == v) & (i == low), run - no_end, run)
    run = np.where(i <= np.maximum(n, m), run, 0.0)
    return np.where(i < low, asked - 1 / 2, run)
