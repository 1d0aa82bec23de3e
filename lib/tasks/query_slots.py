"""Where queries stand behind their context: slots that differ, near ones likelier.

Slot g of n is chosen with a weight of (g + 1)^(power - 1), K slots without replacement,
one after another (Arora et al. 2023, arXiv:2312.04927, with power 0.01; 1 is uniform).
"""

import functools

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, UInt32

from lib.types import Batch


def shuffle(bits: UInt32[Array, "M B"], values: Int[Array, "B M"]) -> Int[Array, "B M"]:
    """Each example's values in a random order."""
    return lax.sort((bits.T, values), dimension=1, num_keys=1)[1]


def draw_slots(
    race_bits: UInt32[Array, "n B"],
    order_bits: UInt32[Array, "K B"],
    num_slots: Int[Array, ""],
    power: float,
) -> Int[Array, "B K"]:
    """K different slots below `num_slots`, at most n, for each of B.

    A race: slot g arrives after a time that is exponential with its weight as rate, and
    the first K are those drawn one after another without replacement (Efraimidis,
    Spirakis 2006, Information Processing Letters 97(5)). The order is random, so that
    every query is equally likely to have any of the K.
    """
    # Inside (0, 1): the middles of 2^23 intervals, exact in float32.
    uniform = (race_bits >> 9).astype(jnp.float32) * 2.0**-23 + 2.0**-24
    slot = jnp.arange(len(race_bits), dtype=jnp.int32)[:, None]
    log_weight = jnp.float32(power - 1) * jnp.log1p(slot.astype(jnp.float32))
    speed = log_weight - jnp.log(-jnp.log(uniform))
    speed = jnp.where(slot < num_slots, speed, -jnp.inf)
    first = lax.top_k(speed.T, len(order_bits))[1].astype(jnp.int32)
    return shuffle(order_bits, first)


def lay_out(
    context: Int[Array, "B C"],
    asked: Int[Array, "B K q"],
    answers: Int[Array, "B K"],
    slots: Int[Array, "B K"],
    max_length: int,
) -> Batch:
    """A context, then queries of q tokens in slots of q + 1, and zeros between.

    An answer is asked for at the last token of its query.
    """
    batch_size, context_size = context.shape
    width = asked.shape[2]
    example = jnp.arange(batch_size, dtype=jnp.int32)[:, None]
    start = context_size + (width + 1) * slots  # [B, K]
    blank = jnp.zeros((batch_size, max_length), jnp.int32)
    inputs = blank.at[:, :context_size].set(context)
    for i in range(width):
        inputs = inputs.at[example, start + i].set(asked[..., i])
    place = start + width - 1
    return Batch(
        inputs=inputs,
        targets=blank.at[example, place].set(answers),
        mask=blank.at[example, place].set(1).astype(jnp.float32),
    )


@functools.cache
def slot_chances(num_slots: int, num_queries: int, power: float) -> np.ndarray:
    """P(a query stands in slot g) for each g, float64 [n], which adds up to 1.

    Slot g is among the first K of the race if at its own arrival fewer than K others
    have come: with weights w_g,

        pi_g = integral of w_g exp(-w_g t) P(N(t) < K) dt,

    N(t) the number of others that have arrived, a sum of independent chances. The
    integral is taken over log t, where the trapezoidal rule converges exponentially.
    """
    if power == 1 or num_slots == num_queries:
        return np.full(num_slots, 1 / num_slots)
    weight = np.arange(1, num_slots + 1, dtype=np.float64) ** (power - 1)
    low, high = np.log(1e-10 / weight.max()), np.log(40 / weight.min())
    nodes = np.linspace(low, high, int((high - low) / 0.2))
    step = nodes[1] - nodes[0]
    chance = np.zeros(num_slots)
    width = max(1, 2_000_000 // (num_slots * num_queries))  # nodes at once: memory
    for start in range(0, len(nodes), width):
        time = np.exp(nodes[start : start + width])
        passed = weight[:, None] * time[None, :]  # [n, nodes]
        fewer = _fewer_others(-np.expm1(-passed), num_queries)
        chance += step * np.sum(passed * np.exp(-passed) * fewer, axis=1)
    return chance / chance.sum()


def _fewer_others(
    arrived: Float[np.ndarray, "n N"], num: int
) -> Float[np.ndarray, "n N"]:
    """P(fewer than `num` of the others are there), for each slot and node."""
    before = _counts(arrived, num)  # of the slots before g
    after = _counts(arrived[::-1], num)[::-1]  # of those behind it
    at_most = np.cumsum(after, axis=1)
    return np.einsum("gmn,gmn->gn", before, at_most[:, ::-1])


def _counts(arrived: Float[np.ndarray, "n N"], num: int) -> Float[np.ndarray, "n M N"]:
    """P(m of the slots before g are there) for m below `num`."""
    counts = np.zeros((len(arrived), num, arrived.shape[1]))
    counts[0, 0] = 1
    for g in range(1, len(arrived)):
        there = arrived[g - 1]
        counts[g] = counts[g - 1] * (1 - there)
        counts[g, 1:] += counts[g - 1, :-1] * there
    return counts
