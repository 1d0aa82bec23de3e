"""Losses and scores of classes and of values, as masked sums that merge exactly.

Each but F1 is a `Metric` over a `Mean`: the sum over scored targets and their number,
in the mask's dtype whatever the dtype of the outputs. Two batches merge by adding their
sums, which is the mean over both, however many targets each has scored.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.types import Batch, Mean, Metric


def mean(sums: Mean) -> float:
    """The ratio of the two sums; nan where nothing was scored."""
    count = float(sums.count)
    return float(sums.total) / count if count else float("nan")


def masked(values: Float[Array, "B T"], mask: Float[Array, "B T"]) -> Mean:
    """The sum of the values where the mask is 1, and how many there are."""
    return Mean(jnp.sum(values * mask), jnp.sum(mask))


def _accumulate_cross_entropy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """-log softmax(outputs)[target], in nats per scored target."""
    logits = outputs.astype(batch.mask.dtype)
    targets: Int[Array, "B T"] = batch.targets
    picked = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return masked(jax.nn.logsumexp(logits, axis=-1) - picked, batch.mask)


def _accumulate_accuracy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """The share of scored targets whose class has the largest output, in [0, 1]."""
    correct = jnp.argmax(outputs, axis=-1).astype(batch.targets.dtype) == batch.targets
    return masked(correct.astype(batch.mask.dtype), batch.mask)


def _accumulate_squared_error(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """(output - target)^2 averaged over the V values, per scored target."""
    values = outputs.astype(batch.mask.dtype)
    return masked(jnp.mean(jnp.square(values - batch.targets), axis=-1), batch.mask)


def _accumulate_squared_error_sum(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """sum_t sum_v (output - target)^2 over the scored steps, per sequence with any."""
    values = outputs.astype(batch.mask.dtype)
    total = jnp.sum(jnp.square(values - batch.targets) * batch.mask[..., None])
    return Mean(total, jnp.sum(jnp.max(batch.mask, axis=1)))


def _accumulate_absolute_error(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """|output - target| averaged over the V values, per scored target."""
    values = outputs.astype(batch.mask.dtype)
    return masked(jnp.mean(jnp.abs(values - batch.targets), axis=-1), batch.mask)


def _accumulate_bernoulli_nll(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    """-sum_v log p_v(target_v) with p = sigmoid(outputs), in nats per scored step.

    V values that are 0 or 1, each predicted by itself.
    """
    logits = outputs.astype(batch.mask.dtype)
    nats = jax.nn.softplus(logits) - logits * batch.targets
    return masked(jnp.sum(nats, axis=-1), batch.mask)


cross_entropy = Metric(_accumulate_cross_entropy, mean, by_step=True)
accuracy = Metric(_accumulate_accuracy, mean, by_step=True)
squared_error = Metric(_accumulate_squared_error, mean, by_step=True)
squared_error_sum = Metric(_accumulate_squared_error_sum, mean)
absolute_error = Metric(_accumulate_absolute_error, mean, by_step=True)
bernoulli_nll = Metric(_accumulate_bernoulli_nll, mean, by_step=True)


class Answers(NamedTuple):
    """How often one class was rightly answered, wrongly answered, and missed."""

    right: Float[Array, ""]
    wrong: Float[Array, ""]
    missed: Float[Array, ""]


def f1(positive: int) -> Metric:
    """The F1 of one class, the harmonic mean of its precision and recall, in [0, 1].

    F1 = 2 right / (2 right + wrong + missed) over all data together, which is not the
    mean of F1 over batches; nan where the class is neither there nor answered.
    """

    def accumulate(outputs: Float[Array, "B T V"], batch: Batch) -> Answers:
        answered = jnp.argmax(outputs, axis=-1) == positive
        true = batch.targets == positive
        count = lambda hits: jnp.sum(hits.astype(batch.mask.dtype) * batch.mask)
        return Answers(
            count(answered & true), count(answered & ~true), count(~answered & true)
        )

    def finalize(sums: Answers) -> float:
        right, errors = float(sums.right), float(sums.wrong) + float(sums.missed)
        return 2 * right / (2 * right + errors) if right + errors else float("nan")

    return Metric(accumulate, finalize, by_step=True)
