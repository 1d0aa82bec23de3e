"""What the classifiers of a part reached: by model, by seed and fold, by words read.

The folds of a data set are replicates, as seeds are: a model's runs on all of them are
one line, and the interval is over them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

import numpy as np
from jaxtyping import Int

from lib.report.collect import Run, by_number, dig, number
from lib.report.evidence import Evidence, read_evidence

FOLD = "fold"
WHOLE = "whole"  # of a baseline: a text that is read to its end

Replicate = tuple[Any, int]  # fold, seed


@dataclass(frozen=True)
class ModelAnswers:
    """One compared model: what every replicate reached on test, by words read."""

    label: str
    planned: int  # replicates
    runs: tuple[Run, ...] = field(repr=False)
    values: dict[Replicate, dict[int, float]]  # the task's metric
    validation: tuple[float, ...]
    confusion: Int[np.ndarray, "V V"] | None = field(repr=False)
    classes: tuple[str, ...]
    evidence: tuple[Evidence, ...] = field(repr=False)

    def at(self, length: int) -> list[float]:
        """The values of the replicates that read this many words."""
        return [curve[length] for curve in self.values.values() if length in curve]

    def mean_curve(self) -> dict[int, float]:
        lengths = sorted({length for curve in self.values.values() for length in curve})
        return {length: fmean(self.at(length)) for length in lengths}

    @property
    def longest(self) -> int:
        """The most words that any replicate read."""
        return max(self.mean_curve(), default=0)


@dataclass(frozen=True)
class Beside:
    """A method that stands beside the models, averaged over the folds they were on."""

    name: str
    curve: dict[int, float]
    whole: float  # reading every text to its end
    validation: float
    seconds: float
    count: int  # folds


def model_answers(runs: Iterable[Run]) -> list[ModelAnswers]:
    """The models of one part, the best mean on test first."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if run.seed is not None:
            groups.setdefault(_label(run), []).append(run)
    models = [_model(label, members) for label, members in groups.items()]
    return sorted(models, key=lambda model: -fmean(model.at(model.longest) or [0.0]))


def metric_of(models: Sequence[ModelAnswers]) -> str:
    """The metric that the part's task scores."""
    found = _task_values(models, "score_metric")
    return next((str(value) for value in found if value), "accuracy")


def facts_of(models: Sequence[ModelAnswers]) -> list[dict[str, Any]]:
    """What is known of the texts of each fold."""
    known: dict[str, dict[str, Any]] = {}
    for facts in _task_values(models, "facts"):
        if isinstance(facts, dict):
            known.setdefault(str(facts.get("texts")), facts)
    return list(known.values())


def unit_of(models: Sequence[ModelAnswers]) -> str:
    """What is counted as read: words or characters."""
    units = {str(facts.get("unit")) for facts in facts_of(models)}
    return f"{units.pop()}s" if len(units) == 1 else "symbols"


def floor_of(models: Sequence[ModelAnswers]) -> float | None:
    """What the best answer reaches that reads nothing; the mean over folds."""
    floors = [by_number(floor) for floor in _task_values(models, "floor")]
    found = [number(next(iter(floor.values()))) for floor in floors if floor]
    known = [value for value in found if value is not None]
    return fmean(known) if known else None


def besides(models: Sequence[ModelAnswers]) -> list[Beside]:
    """The methods whose numbers lie in the store for the texts of these models."""
    found: dict[str, dict[str, dict[str, Any]]] = {}  # name -> texts -> reader
    for model in models:
        for run in model.runs:
            readers = dig(run.baseline, "readers")
            texts = str(dig(run.result, "task", "facts", "texts"))
            for name, reader in readers.items() if isinstance(readers, dict) else ():
                if number(dig(reader, "test", WHOLE)) is not None:
                    found.setdefault(str(name), {}).setdefault(texts, reader)
    return [_beside(name, list(readers.values())) for name, readers in found.items()]


def _beside(name: str, readers: list[dict[str, Any]]) -> Beside:
    curves = [by_number(dig(reader, "test")) for reader in readers]
    lengths = set.intersection(*(set(curve) for curve in curves))
    mean = lambda values: fmean(number(value) or 0.0 for value in values)
    return Beside(
        name,
        {n: mean(curve[n] for curve in curves) for n in sorted(lengths)},
        mean(dig(reader, "test", WHOLE) for reader in readers),
        mean(dig(reader, "validation") for reader in readers),
        mean(dig(reader, "seconds") for reader in readers),
        len(readers),
    )


def _label(run: Run) -> str:
    cell = {key: value for key, value in run.cell.items() if key != FOLD}
    return replace(run, cell=cell).label


def _model(label: str, runs: list[Run]) -> ModelAnswers:
    done = [run for run in runs if run.state == "done"]
    done.sort(key=lambda run: (str(run.cell.get(FOLD)), run.seed or 0))
    values: dict[Replicate, dict[int, float]] = {}
    validation, counts, evidence = [], [], []
    classes: tuple[str, ...] = ()
    for run in done:
        metric = str(dig(run.result, "task", "score_metric"))
        tested = by_number(dig(run.result, "metrics", "test"))
        curve = {length: number(dig(found, metric)) for length, found in tested.items()}
        known = {length: value for length, value in curve.items() if value is not None}
        if known:
            values[run.cell.get(FOLD), run.seed or 0] = known
        validated = by_number(dig(run.result, "metrics", "validation"))
        validation += [number(dig(found, metric)) for found in validated.values()][-1:]
        names, table = _confusion(run)
        if table is not None and names == (classes or names):
            classes = names
            counts.append(table)
        if not evidence:
            entries = dig(run.result, "evidence")
            read = map(read_evidence, entries if isinstance(entries, list) else ())
            evidence = [entry for entry in read if entry is not None]
    return ModelAnswers(
        label=label,
        planned=len({(run.cell.get(FOLD), run.seed) for run in runs}),
        runs=tuple(runs),
        values=values,
        validation=tuple(value for value in validation if value is not None),
        confusion=sum(counts[1:], start=counts[0]) if counts else None,
        classes=classes,
        evidence=tuple(evidence),
    )


def _confusion(run: Run) -> tuple[tuple[str, ...], Int[np.ndarray, "V V"] | None]:
    names, counts = (dig(run.result, "confusion", k) for k in ("classes", "counts"))
    if not isinstance(names, list):
        return (), None
    try:
        table = np.asarray(counts, np.int64)
    except (TypeError, ValueError, OverflowError):
        return (), None
    whole = table.shape == (len(names), len(names)) and table.min(initial=0) >= 0
    return tuple(map(str, names)), table if whole and len(names) else None


def _task_values(models: Sequence[ModelAnswers], key: str) -> list[Any]:
    return [dig(run.result, "task", key) for model in models for run in model.runs]
