"""What runs answered to questions about pictures, by model and by kind of question."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from lib.picture import decode_png
from lib.report.collect import Run, by_label, by_number, dig, number

FLOORS = {
    "question_only": "floor: question only, best answer",
    "image_only": "floor: picture only, best answer",
    "majority": "floor: one answer",
}
_TITLES = {"accuracy": "all", "one_object": "one object", "relations": "relations"}
_CLAUSES = "clauses_"
_MOST = 200  # places of a side of a map of looks


@dataclass(frozen=True)
class Example:
    """A question about a picture, with its answer and where the model looked."""

    picture: UInt8[np.ndarray, "H W 3"] = field(repr=False)
    question: str
    wanted: str
    said: str
    probability: float
    looks: Float[np.ndarray, "S h w"] | None = field(repr=False)

    @property
    def is_right(self) -> bool:
        return self.said == self.wanted


@dataclass(frozen=True)
class Answers:
    """One compared model: its shares right by metric, a value a seed."""

    label: str
    planned: int  # seeds
    runs: tuple[Run, ...] = field(repr=False)
    shares: dict[str, tuple[float, ...]]
    examples: tuple[Example, ...] = field(repr=False)


def answers_of(runs: Iterable[Run]) -> list[Answers]:
    """The models of one part, in the sweep's order."""
    return [_answers(label, members) for label, members in by_label(runs).items()]


def floors_of(models: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """The floors by name and metric, those of the first run that states any."""
    for model in models:
        for run in model.runs:
            found = {
                name: {
                    str(metric): share
                    for metric, value in values.items()
                    if (share := number(value)) is not None
                }
                for name in FLOORS
                if isinstance(values := dig(run.result, "floors", name), dict)
            }
            if any(found.values()):
                return found
    return {}


def columns_of(models: Sequence[Answers]) -> list[str]:
    """The metrics of a table: all questions, both groups, and each kind."""
    names = dict.fromkeys(name for model in models for name in model.shares)
    return [name for name in names if not name.startswith(_CLAUSES)]


def title_of(metric: str) -> str:
    """A metric as a column's heading."""
    return _TITLES.get(metric, metric)


def by_clauses(shares: dict[str, Any]) -> dict[int, Any]:
    """What is known of questions with each number of clauses."""
    found = {
        name.removeprefix(_CLAUSES): value
        for name, value in shares.items()
        if name.startswith(_CLAUSES)
    }
    few = re.compile("[0-9]{1,2}")  # a result is untrusted data
    return {int(name): value for name, value in found.items() if few.fullmatch(name)}


def _answers(label: str, runs: Sequence[Run]) -> Answers:
    done = sorted((r for r in runs if r.state == "done"), key=lambda run: run.seed or 0)
    shares: dict[str, list[float]] = {}
    for run in done:
        tested = by_number(dig(run.result, "metrics", "test"))
        metrics = tested[max(tested)] if tested else {}
        for name, value in metrics.items() if isinstance(metrics, dict) else ():
            share = number(value)
            if name not in ("loss", "num_targets", "score") and share is not None:
                shares.setdefault(str(name), []).append(share)
    examples = [found for run in done if (found := _examples(run))]
    return Answers(
        label=label,
        planned=len({run.seed for run in runs}),
        runs=tuple(runs),
        shares={name: tuple(values) for name, values in shares.items()},
        examples=tuple(examples[0]) if examples else (),
    )


def _examples(run: Run) -> list[Example]:
    entries = dig(run.result, "picture_answers")
    read = (_example(entry) for entry in (entries if isinstance(entries, list) else ()))
    return [example for example in read if example is not None]


def _example(entry: Any) -> Example | None:
    """One as it was stored; None for anything else: a result is untrusted data."""
    given = [dig(entry, key) for key in ("question", "wanted", "said")]
    question, wanted, said = map(str, given)
    probability = number(dig(entry, "probability"))
    if not all(isinstance(text, str) for text in given) or probability is None:
        return None
    try:
        picture = decode_png(dig(entry, "picture"))
    except ValueError:
        return None
    if picture.ndim != 3:
        return None
    looks = _looks(dig(entry, "looks"))
    return Example(picture, question, wanted, said, probability, looks)


def _looks(given: Any) -> Float[np.ndarray, "S h w"] | None:
    try:
        looks = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    whole = looks.ndim == 3 and 0 < looks.size and max(looks.shape) <= _MOST
    return looks if whole and np.isfinite(looks).all() else None
