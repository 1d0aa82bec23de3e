"""Multi-query associative recall (MQAR): which value came with this key?

Zoology (Arora et al. 2023, arXiv:2312.04927, section 4.1 and the authors' code). K keys
and their values, all different, keys of 1..V/2-1 and values of V/2..V-1, are shown as
k_1 v_1 .. k_K v_K. Behind them each key is shown once more, at a position 2 K + 2 g
with a slot g of its own, and its value is asked for there. What stands between is 0, or
with `fillers` "random" any token.

An example (T = 12, num_pairs = 2, vocabulary_size = 10):

    inputs   1 8 2 6 2 0 0 0 1 0 0 0
    targets  . . . . 6 . . . 8 . . .

Scored: the K positions of queries, by accuracy. T is the whole length, at least 4 K as
in the paper; K and V do not depend on it, so that distance and load are separate axes.
Of (T - 2 K)/2 slots near ones are likelier, P(g) ~ (g + 1)^(power - 1): `query_power`
1 makes all equally likely. Each pair is equally likely to be asked at each of the K
slots; in the authors' code earlier pairs tend to nearer ones.

With `num_passes` P the K pairs are shown P times in the same order, as in the authors'
code after Arora et al. 2024 (arXiv:2407.05483): T is then at least 2 K (P + 1), and the
queries stand behind the last pass.

Two chances: one who ignores the inputs has 1/N of N = V/2 values, the floor; one who
has seen the values but not which key had which has 1/K (`unbound_accuracy`, in the
facts of the task). A model at 1/K has memory without binding.

Kept must be the values, given the keys: log2(N!/(N - K)!) bits, a little under
K log2 N, since they differ from each other.

A window that begins at input w of the last pass knows the pairs it holds whole, and one
that begins before it all. One whose value alone it holds it takes for a key that it has
not seen, which is right with 1/K in all; else it guesses among the values it has not
seen.
"""

import math
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, UInt32

from lib.setting import Added, Bound, Positive, Size
from lib.tasks.label import label_task
from lib.tasks.query_slots import draw_slots, lay_out, shuffle, slot_chances
from lib.tasks.subset import draw_subset
from lib.types import Batch, PRNGKey, Split, Task


def unbound_accuracy(num_pairs: int) -> float:
    """The accuracy of one who knows which values there are but not whose: 1/K."""
    return 1 / num_pairs


def draw_different(bits: UInt32[Array, "M2 B"], size: int) -> Int[Array, "B M"]:
    """M different integers below `size` in a random order, from 2 M rows of bits."""
    order, chosen = jnp.split(bits, 2)
    return shuffle(order, draw_subset(chosen, jnp.int32(size)))


def window_accuracy(
    asked: Float[np.ndarray, " P"], num_values: int, start: Int[np.ndarray, " S"]
) -> Float[np.ndarray, " S"]:
    """Accuracy of the best predictor that sees P pairs from input `start` on.

    `asked` [P]: the chance that the answer is the value of each pair, in the order in
    which they are shown, one value a pair and all of them different.
    """
    num_pairs = len(asked)
    start = np.clip(start, 0, 2 * num_pairs)
    first = (start + 1) // 2  # the first pair that is held whole
    behind = np.append(np.cumsum(asked[::-1])[::-1], 0.0)
    known, unseen = behind[first], num_values - (num_pairs - first)
    guess = np.divide(1 - known, unseen, out=np.zeros(len(start)), where=unseen > 0)
    split = start % 2 == 1  # the window begins with a value
    lone = np.where(split, asked[first - 1], 0.0)
    rest = np.maximum(1 - known - lone, 0.0)
    other = np.divide(rest, unseen - 1, out=np.zeros(len(start)), where=unseen > 1)
    return known + np.where(split, np.maximum(lone, other), guess)


def query_window_score(
    accuracies: Float[np.ndarray, " S"], chances: Float[np.ndarray, " S"], floor: float
) -> float:
    """The mean accuracy over the slots of a query, as a share of what can be gained."""
    share = (chances @ accuracies - floor) / (1 - floor)
    return float(np.clip(share, 0, 1))  # off by the rounding of a sum


def check_sizes(name: str, given: int, shortest: int, keys: int, values: int) -> None:
    """Raise ValueError unless context and queries fit; keys and values: spare ones."""
    if given < shortest:
        raise ValueError(f"{name}: length must be at least {shortest}, got {given}.")
    if min(keys, values) < 0:
        raise ValueError(
            f"{name}: vocabulary_size is too small for that many different keys and "
            f"values: {max(-keys, -values)} more of each half are needed."
        )


def make_mqar(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    num_pairs: Size = 4,
    vocabulary_size: Annotated[int, Bound(4, 2**31 - 1)] = 64,
    query_power: Positive = 0.01,
    fillers: Literal["blank", "random"] = "blank",
    num_passes: Annotated[Size, Added()] = 1,
) -> Task:
    """Recall of each of `num_pairs` values by its key, in `length` inputs.

    The paper's vocabulary is 8192, of which a model has as many outputs.
    """
    first_value = vocabulary_size // 2
    num_values = vocabulary_size - first_value
    spare = first_value - 1 - num_pairs, num_values - num_pairs
    context_size = 2 * num_pairs * num_passes
    check_sizes("mqar", max_length, context_size + 2 * num_pairs, *spare)
    most_slots = (max_length - context_size) // 2
    # Rows of random bits: keys, values and the order of queries, then a row a position.
    ends = np.cumsum([2 * num_pairs, 2 * num_pairs, num_pairs])

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        # One draw, which is most of what there is to compile; time comes first, so that
        # an example does not depend on how far it is padded.
        rows = int(ends[-1]) + (max_length if fillers == "random" else most_slots)
        shape = (rows, 1 if fillers == "blank" else 2, batch_size)
        bits = jax.random.bits(key, shape, jnp.uint32)
        key_bits, value_bits, order_bits, rest = jnp.split(bits[:, 0], ends)
        asked = 1 + draw_different(key_bits, first_value - 1)
        values = first_value + draw_different(value_bits, num_values)
        num_slots = (length - context_size) // 2
        slots = draw_slots(rest[:most_slots], order_bits, num_slots, query_power)
        context = jnp.stack([asked, values], axis=-1).reshape(batch_size, -1)
        context = jnp.tile(context, (1, num_passes))
        batch = lay_out(context, asked[..., None], values, slots, max_length)
        if fillers == "random":
            filler = bits[ends[-1] :, 1].T % np.uint32(vocabulary_size)
            position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
            free = (batch.inputs == 0) & (position < length)
            inputs = jnp.where(free, filler.astype(jnp.int32), batch.inputs)
            batch = batch._replace(inputs=inputs)
        return batch

    def window_score(length: int, k: int) -> float:
        chances = slot_chances((length - context_size) // 2, num_pairs, query_power)
        start = 2 * num_pairs + 2 * np.arange(len(chances)) - k + 1
        asked = np.full(num_pairs, 1 / num_pairs)
        seen = window_accuracy(asked, num_values, start)
        return query_window_score(seen, chances, 1 / num_values)

    return label_task(
        sample,
        vocabulary_size,
        vocabulary_size,
        max_length,
        floor=lambda length: 1 / num_values,
        window_score=window_score,
        information=lambda length: math.log2(math.perm(num_values, num_pairs)),
        facts={
            "num_pairs": num_pairs,
            "blind_accuracy": 1 / num_values,
            "unbound_accuracy": unbound_accuracy(num_pairs),
        },
    )
