"""Every example of a task at a small length, and what is known about its answers.

A language is a list of examples, each as its definition says it: how likely it is, its
inputs, its targets (None where nothing is asked). From that follow, in float64 and
without sampling, how often the best predictor is right that sees the last k inputs, and
what a sampler must draw.
"""

import functools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Example(NamedTuple):
    chance: float
    inputs: tuple[int, ...]
    targets: tuple[int | None, ...]


def best_accuracy(language: list[Example], k: int) -> float:
    """Of any predictor that knows the step and the last k inputs: 0 knows the step."""
    weights: dict[Any, Any] = defaultdict(lambda: defaultdict(float))
    for example in language:
        for t, target in enumerate(example.targets):
            if target is not None:
                seen = example.inputs[max(t + 1 - k, 0) : t + 1]
                weights[t, seen][target] += example.chance
    right = sum(max(answers.values()) for answers in weights.values())
    return right / sum(sum(answers.values()) for answers in weights.values())


def check_scores(
    task: Any, language: list[Example], length: int, bound_error: float | None = None
) -> None:
    """Floor and window scores of the task are those of the language, to rounding.

    With `bound_error` they are upper bounds, which may be so much too low.
    """
    assert task.optimum(length) == 1
    assert abs(sum(example.chance for example in language) - 1) < 1e-9
    floor = best_accuracy(language, 0)
    assert abs(task.floor(length) - floor) < 1e-9
    for k in range(1, len(language[0].inputs) + 2):
        score = (best_accuracy(language, k) - floor) / (1 - floor)
        above = task.window_score(length, k) - score
        if bound_error is None:
            assert abs(above) < 1e-9, k
        else:
            assert above > -bound_error, k


@functools.cache
def compiled(function: Any) -> Any:
    return jax.jit(function)


def draw(task: Any, length: int, seed: int = 0) -> Any:
    sample = compiled(task.sample)
    batch = sample(jax.random.key(seed), task.data, jnp.int32(length))
    return jax.tree.map(np.asarray, batch)


def as_examples(batch: Any, num_steps: int) -> list[tuple]:
    """The inputs and the targets of each row, None where nothing is asked."""
    rows = zip(batch.inputs, batch.targets, batch.mask, strict=True)
    return [
        (
            tuple(int(x) for x in inputs[:num_steps]),
            tuple(
                int(y) if scored else None
                for y, scored in zip(targets, mask, strict=True)
            )[:num_steps],
        )
        for inputs, targets, mask in rows
    ]


def check_sampler(task: Any, language: list[Example], length: int) -> None:
    """All that is drawn is in the language, and each example as often as it says."""
    num_steps = len(language[0].inputs)
    known = {(e.inputs, e.targets): i for i, e in enumerate(language)}
    assert len(known) == len(language)
    drawn = as_examples(draw(task, length), num_steps)
    missing = [example for example in drawn if example not in known]
    assert not missing, missing[0]
    counts = np.bincount([known[e] for e in drawn], minlength=len(known))
    check_counts(counts, np.array([e.chance for e in language]))


def check_counts(counts: np.ndarray, chances: np.ndarray) -> None:
    """Pearson's chi-square test; beyond its bound once in ten thousand keys."""
    expected = counts.sum() * chances
    assert expected.min() >= 3, "too few draws for the chi-square test"
    chi_square = np.sum((counts - expected) ** 2 / expected)
    freedom = max(len(counts) - 1, 1)
    # The quantile after Wilson and Hilferty 1931.
    cubed = 1 - 2 / (9 * freedom) + 3.72 * np.sqrt(2 / (9 * freedom))
    assert chi_square < freedom * cubed**3


def check_task(
    task: Any,
    languages: Mapping[int, list[Example]],
    bound_error: float | None = None,
) -> None:
    """The task draws each length's language and has its floor and window scores."""
    for length, language in languages.items():
        check_sampler(task, language, length)
        check_scores(task, language, length, bound_error)
