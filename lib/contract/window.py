"""A task's window scores: their form, and against predictors of the last few inputs."""

from typing import TYPE_CHECKING

import jax
import numpy as np

from lib.contract.failure import Failure
from lib.contract.measure import ROUNDING, is_classes, measure
from lib.types import Batch

if TYPE_CHECKING:
    from lib.contract.task import Case

MOST_SIZES = 257  # windows of a length that are looked at
WIDTHS = (1, 2, 3)  # inputs that a predictor sees
MOST_PATTERNS = 4096  # of such inputs: fewer than there are examples
MOST_CLASSES = 64
NUM_CHUNKS = 16  # of a batch, for the standard error
ERRORS = 4.0
EQUAL = 1e-6  # of formulas in floats, which are rounded


def windows(case: "Case") -> Failure | None:
    """Window scores in [0, 1] that rise with the window, to 1."""
    score = case.task.window_score
    if score is None:
        return None
    for length in case.all_lengths:
        whole = _num_steps(case, length)
        spread = np.linspace(1, 2 * whole + 1, min(2 * whole + 1, MOST_SIZES))
        sizes = sorted({*map(int, spread), whole})
        before = 0.0
        for k in sizes:
            value = score(length, k)
            said = f"window_score({length}, {k}) is {value:.4g}"
            if not 0 <= value <= 1 + EQUAL:
                return Failure("a window's score is no score", said, "0 to 1")
            if value < before - EQUAL:
                said += f", below {before:.4g} of a narrower one"
                return Failure(
                    "a wider window scores less", said, "at least the narrower's"
                )
            if k >= whole and value < 1 - EQUAL:
                said += f", and the sequence has {whole} steps"
                return Failure(
                    "all of the inputs are not enough",
                    said,
                    "1 for a window that holds the whole sequence",
                )
            before = value
    return None


def unbeaten(case: "Case") -> Failure | None:
    """A window's score at least that of a table of the last few inputs."""
    task, size = case.task, case.task.interface.vocabulary_size
    if task.window_score is None or task.optimum is None or not size:
        return None
    for length in sorted({case.shortest, *case.lengths}):
        fitted, batch = case.draw(0, length), case.draw(1, length)
        if not is_classes(batch) or task.interface.output_size > MOST_CLASSES:
            return None
        floor = task.floor(length)
        span = task.optimum(length) - floor
        for k in WIDTHS:
            if (size + 1) ** k > MOST_PATTERNS:
                break
            answer = _look_up(case, fitted, batch, k)
            reached, error = measure(case, answer, batch, NUM_CHUNKS)
            score, error = (reached - floor) / span, error / abs(span)
            stated = task.window_score(length, k)
            if score > stated + ERRORS * error + ROUNDING:
                return Failure(
                    "a window's score is too low",
                    f"at length {length} a table of the last {k} inputs, with the "
                    f"targets seen after each pattern of them, scores {score:.4g} "
                    f"(standard error {error:.1g}); window_score({length}, {k}) is "
                    f"{stated:.4g}",
                    "the best that any predictor of so few inputs scores",
                )
    return None


def _num_steps(case: "Case", length: int) -> int:
    """Steps of a sequence of a length."""
    task = case.make("train", 2, length)
    draw = lambda n: task.sample(jax.random.key(0), task.data, n)
    return jax.eval_shape(draw, np.int32(length)).mask.shape[1]


def _look_up(case: "Case", fitted: Batch, batch: Batch, k: int) -> np.ndarray:
    """The log-probabilities [B, T, V] of the targets after the same k inputs."""
    interface = case.task.interface
    size, classes = interface.vocabulary_size, interface.output_size
    rows, steps = np.nonzero(fitted.mask)
    targets = fitted.targets[rows, steps]
    places = _patterns(fitted.inputs, k, size)[rows, steps] * classes + targets
    shape = ((size + 1) ** k, classes)
    counts = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
    overall = counts.sum(axis=0) / counts.sum()
    table = np.log((counts + overall) / (counts.sum(1, keepdims=True) + 1) + 1e-9)
    return table[_patterns(batch.inputs, k, size)]


def _patterns(inputs: np.ndarray, k: int, size: int) -> np.ndarray:
    """A number [B, T] for the last k inputs; before the first there is a token more."""
    early = np.full((len(inputs), k - 1), size)
    padded = np.concatenate([early, inputs], axis=1)
    lagged = [padded[:, i : i + inputs.shape[1]] * (size + 1) ** i for i in range(k)]
    return np.sum(lagged, axis=0)
