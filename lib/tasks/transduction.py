"""Transductions: read a string, then write another of it, one symbol a step.

What `reverse`, `duplicate`, `odds_first` and `bucket_sort` share (Neural networks and
the Chomsky hierarchy, Deletang et al. 2023, arXiv:2207.02098, appendix A). The string's
T symbols are followed by one empty token for each symbol of the answer, of which there
are `ratio` times T; the answers stand at these tokens and only there is scored:

    inputs   x_1 .. x_T   -   ..     -
    targets   .  ..  .   y_1  .. y_(ratio T)

The `length` of such a task is T, and its arrays are (1 + ratio) times as long. Scored
by the share of right symbols; beside it stands `exact_match`, the share of strings that
are right from end to end.
"""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.loss import mean
from lib.tasks.label import Sample, draw_bits, label_batch, remainder
from lib.types import Batch, Mean, Metric, PRNGKey


def _accumulate_exact_match(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """The sequences with any scored target whose scored targets are all right."""
    wrong = jnp.argmax(outputs, axis=-1).astype(batch.targets.dtype) != batch.targets
    errors = jnp.sum(wrong.astype(batch.mask.dtype) * batch.mask, axis=1)
    asked = jnp.max(batch.mask, axis=1)
    return Mean(jnp.sum(asked * (errors == 0).astype(asked.dtype)), jnp.sum(asked))


exact_match = Metric(_accumulate_exact_match, mean)


def answer_after(
    batch_size: int,
    max_length: int,
    num_symbols: int,
    ratio: int,
    answer: Callable[[Array, Array, Array], Array],
) -> Sample:
    """A sampler of uniform strings with `answer(symbols [B, L], i [N], length) [B, N]`.

    `i` counts the answer's symbols from 0; where it does not lie in the answer, what
    `answer` gives is not used.
    """
    size = (1 + ratio) * max_length

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        symbols = remainder(draw_bits(key, max_length, batch_size), num_symbols)
        place = jnp.arange(size, dtype=jnp.int32)[None, :]
        string = jnp.pad(symbols, ((0, 0), (0, size - max_length)))
        inputs = jnp.where(place < length, string, num_symbols)
        answers = answer(symbols, place[0] - length, length)
        return label_batch(inputs, answers, place >= length, (1 + ratio) * length)

    return sample


def symbols_at(
    source: Callable[[Array, Array], Array],
) -> Callable[[Array, Array, Array], Array]:
    """The answer whose symbol i is the string's symbol `source(i, length)`."""

    def answer(symbols: Array, i: Array, length: Array) -> Array:
        place = jnp.clip(source(i, length), 0, symbols.shape[1] - 1)
        return jnp.take(symbols, place, axis=1)

    return answer


def share_within(sources: Int[np.ndarray, " N"], length: int, k: int) -> float:
    """The share of an answer's symbols that the last k inputs hold when asked.

    Symbols are independent: one that a window does not hold is unknown to it.
    """
    asked_at = length + np.arange(len(sources))
    return float(np.mean(asked_at - sources < k))
