"""Answers that are right in part: each question has a few answers with a credit.

Targets are {"label": the class to learn [B, T], "answers": classes [B, A], "credit":
what each is worth [B, A], "known": whether the label is a class [B]}. The loss is over
questions whose label is one; the accuracy, over all, is the credit of the class with
the largest output.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from lib.loss import masked, mean
from lib.types import Batch, Mean, Metric


def credit_arrays(
    credits: Sequence[Mapping[str, float]],
    labels: Sequence[str],
    classes: Sequence[str],
    most: int,
) -> dict[str, Array]:
    """The classes with credit of each question, and whether its label is a class."""
    number = {answer: i for i, answer in enumerate(classes)}
    answers = np.full((len(credits), most), -1, np.int32)
    worth = np.zeros((len(credits), most), np.float32)
    for row, credit in enumerate(credits):
        known = [(number[a], value) for a, value in credit.items() if a in number]
        for column, (answer, value) in enumerate(known):
            answers[row, column], worth[row, column] = answer, value
    return {
        "answers": jnp.asarray(answers),
        "credit": jnp.asarray(worth),
        "known": jnp.asarray([label in number for label in labels]),
    }


def graded_targets(
    data: PyTree, place: Int[Array, " B"], end: Bool[Array, "B T"]
) -> dict[str, Array]:
    """The targets of the questions at some places of a split."""
    own = {
        name: data[name].at[place].get(mode="clip")
        for name in ("labels", "answers", "credit", "known")
    }
    own["label"] = jnp.where(end, own.pop("labels")[:, None], 0)
    return own


def _cross_entropy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    targets = batch.targets
    mask = batch.mask * targets["known"][:, None].astype(batch.mask.dtype)
    picked = jnp.take_along_axis(outputs, targets["label"][..., None], axis=-1)[..., 0]
    return masked(jax.nn.logsumexp(outputs, axis=-1) - picked, mask)


def _accuracy(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    targets = batch.targets
    said = jnp.argmax(outputs, axis=-1).astype(jnp.int32)  # [B, T]
    same = said[:, :, None] == targets["answers"][:, None, :]
    credit = targets["credit"][:, None, :]
    worth = jnp.sum(jnp.where(same, credit, jnp.zeros_like(credit)), axis=-1)
    return masked(worth, batch.mask)


graded_cross_entropy = Metric(_cross_entropy, mean)
graded_accuracy = Metric(_accuracy, mean)
