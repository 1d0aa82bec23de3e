"""What the runs of a language part recorded beside their losses, by model and seed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, isfinite, log
from typing import Any, NamedTuple

from lib.report.collect import Run, by_label, dig, number, whole

MOST_SYMBOLS = 20_000  # of a passage; more is no passage


class Unit(NamedTuple):
    """What a text is made of, and the number its field gives beside nats."""

    name: str
    measure: str
    of_nats: Callable[[float], float]
    digits: int


UNITS = {
    "character": Unit("character", "bits a character", lambda nats: nats / log(2), 3),
    "word": Unit("word", "perplexity", exp, 1),
}


class Passage(NamedTuple):
    """Symbols of a text, and the loss of each after the first, in nats."""

    symbols: tuple[str, ...]
    nats: tuple[float, ...]  # one less than there are symbols
    separator: str
    seed: int


@dataclass(frozen=True)
class ModelTexts:
    """One model's curves and probes; every table is by seed."""

    label: str
    curves: dict[int, dict[str, dict[int, float]]] = field(repr=False)  # split, step
    forced: dict[int, list[float]] = field(repr=False)  # losses by symbols since
    free: dict[int, list[float]] = field(repr=False)
    passage: Passage | None = field(repr=False)  # of the first seed that has one


def model_texts(runs: Iterable[Run]) -> list[ModelTexts]:
    """The models of one part in the order of its runs."""
    return [_model(label, members) for label, members in by_label(runs).items()]


def unit_of(runs: Iterable[Run]) -> Unit:
    """What the part's text is made of; characters where no run says."""
    units = (dig(run.result, "task", "facts", "unit") for run in runs)
    known = (unit for unit in units if isinstance(unit, str) and unit in UNITS)
    return UNITS[next(known, "character")]


def vocabulary_of(runs: Iterable[Run]) -> dict[str, Any]:
    """The vocabulary report of the part's text; empty where no run has one."""
    facts = (dig(run.result, "task", "facts") for run in runs)
    known = (f for f in facts if isinstance(f, Mapping) and whole(f.get("symbols")))
    return dict(next(known, {}))


def _model(label: str, runs: list[Run]) -> ModelTexts:
    curves: dict[int, dict[str, dict[int, float]]] = {}
    forced, free, passages = {}, {}, []
    for run in sorted(runs, key=lambda run: run.seed or 0):
        if run.seed is None:
            continue
        if curve := _curve(run):
            curves[run.seed] = curve
        pair = (_losses(run, "forced"), _losses(run, "free"))
        if all(pair) and len(pair[0]) == len(pair[1]):
            forced[run.seed], free[run.seed] = pair
        if (passage := _passage(run)) is not None:
            passages.append(passage)
    return ModelTexts(label, curves, forced, free, next(iter(passages), None))


def _curve(run: Run) -> dict[str, dict[int, float]]:
    """The loss by step of either split; of a step measured twice, the last."""
    curve: dict[str, dict[int, float]] = {}
    for row in run.metrics:
        step, loss = whole(row.get("step")), number(row.get("loss"))
        split = row.get("split")
        if step is None or loss is None or not isfinite(loss):
            continue
        if split in ("train", "validation"):
            curve.setdefault(split, {})[step] = loss
    return {split: dict(sorted(points.items())) for split, points in curve.items()}


def _losses(run: Run, name: str) -> list[float]:
    return _numbers(dig(run.result, "free_running", name))


def _passage(run: Run) -> Passage | None:
    symbols = dig(run.result, "passage", "symbols")
    nats = _numbers(dig(run.result, "passage", "nats"))
    separator = dig(run.result, "passage", "separator")
    if not isinstance(symbols, list) or not 1 < len(symbols) <= MOST_SYMBOLS:
        return None
    if len(nats) + 1 != len(symbols) or separator not in ("", " "):
        return None
    return Passage(tuple(map(str, symbols)), tuple(nats), separator, run.seed or 0)


def _numbers(values: Any) -> list[float]:
    """A list of finite numbers, or nothing."""
    if not isinstance(values, list) or len(values) > MOST_SYMBOLS:
        return []
    found = [v for v in map(number, values) if v is not None and isfinite(v)]
    return found if len(found) == len(values) else []
