"""The rules of the linter of sweeps: what makes a comparison of models weak.

Each looks at one part of a sweep and says what it found and, in one sentence, what to
do about it: the common mistakes of comparing trained models (Henderson et al. 2018;
Agarwal et al. 2021; Bouthillier et al. 2021).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log2
from statistics import fmean
from typing import Any, NamedTuple

from lib import stats
from lib.report.collect import REPORTED, Run, by_label, dig, number, whole
from lib.report.expected import cell_text
from lib.report.knob import knob_name
from lib.report.score import LOST, ModelScores, knob_of_models, lengths_of, model_scores

MIN_EXAMPLES = 1024  # of which a true score of 0.92 misses 0.9 only 1 time in 100
MIN_LENGTHS, MIN_SPAN = 3, 4
MIN_RATES = 3
UNEVEN = 3.0  # the widest step between lengths over the narrowest, in octaves


class Evidence(NamedTuple):
    """What the rules look at: one part of a sweep."""

    reported: Sequence[Run]
    tuning: Sequence[Run]
    choices: Sequence[dict[str, Any]]

    @property
    def is_memory(self) -> bool:
        systems = {dig(run.result, "task", "system") for run in self.reported} - {None}
        # Results of before systems had names are memory's where they have scores.
        return "memory" in systems or (
            not systems and any(model.scores for model in self.models)
        )

    @property
    def models(self) -> list[ModelScores]:
        return model_scores(self.reported)


Rule = Callable[[Evidence], Iterator[tuple[str, str]]]  # (what, advice)


def few_seeds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    counts = {
        label: len({run.seed for run in runs})
        for label, runs in by_label(evidence.reported).items()
    }
    if counts and min(counts.values()) < stats.MIN_SEEDS:
        yield (
            f"{_range(counts.values())} seeds a model: too few for an interval, and at "
            f"{stats.FEW_SEEDS} or fewer nothing is ever significant.",
            f"Train at least {stats.MIN_SEEDS} seeds, 10 where a claim rests on them.",
        )


def unequal_seeds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for run in evidence.reported:
        place = cell_text(run.cell)
        ended = run.state in (*REPORTED, *LOST)
        counts[place] = counts.get(place, 0) + ended
    if len(set(counts.values())) > 1:
        fewest = min(counts, key=counts.__getitem__)
        yield (
            f"Unequal numbers of seeds: {_range(counts.values())} a cell ended, fewest "
            f"in {fewest}.",
            "Run the same command again until every cell has all of its seeds.",
        )


def unequal_tuning(evidence: Evidence) -> Iterator[tuple[str, str]]:
    cells = {_key(run): 0 for run in (*evidence.reported, *evidence.tuning)}
    for run in evidence.tuning:
        cells[_key(run)] += 1
    if len(set(cells.values())) > 1:
        most = max(cells, key=cells.__getitem__)
        least = min(cells, key=cells.__getitem__)
        yield (
            f"Tuned unequally: {cells[least]} trials for {_named(least)}, "
            f"{cells[most]} for {_named(most)}.",
            "Give every model the same number of tuning trials and seeds.",
        )


def tuning_seeds_reported(evidence: Evidence) -> Iterator[tuple[str, str]]:
    tuned = {run.seed for run in evidence.tuning}
    shared = sorted(
        {run.seed for run in evidence.reported if run.seed is not None} & tuned
    )
    if shared:
        yield (
            f"Reported on seeds that tuning chose by: {', '.join(map(str, shared))}.",
            "Tune on seeds that are not reported, else the choice flatters itself.",
        )


def few_examples(evidence: Evidence) -> Iterator[tuple[str, str]]:
    sizes = [whole(dig(r.config, "evaluation", "num_test")) for r in evidence.reported]
    known = [size for size in sizes if size is not None]
    if evidence.is_memory and known and min(known) < MIN_EXAMPLES:
        yield (
            f"{min(known):,} test examples a length: the noise of so few moves scores "
            f"across {stats.THRESHOLD:g} and shortens horizons.",
            f"Set evaluation.num_test to at least {MIN_EXAMPLES:,}.",
        )


def few_lengths(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if not evidence.is_memory:
        return
    lengths = lengths_of(evidence.models)
    span = max(lengths) / min(lengths)
    axis = knob_name(knob_of_models(evidence.models))
    if len(lengths) < MIN_LENGTHS or span < MIN_SPAN:
        count = len(lengths)
        several = f"{count} values of {axis} over a factor of {span:g}"
        yield (
            f"{several if count > 1 else f'One value of {axis}'}: no horizon can be "
            "read off.",
            f"Test at least {MIN_LENGTHS} of them, each twice the one before.",
        )
        return
    steps = [log2(b / a) for a, b in zip(lengths, lengths[1:], strict=False)]
    if max(steps) > UNEVEN * min(steps):
        yield (
            f"Values of {axis} not spaced evenly on a log axis: steps of "
            f"{min(steps):.2g} to {max(steps):.2g} octaves.",
            "Space them by a constant factor, such as 2.",
        )


def learning_rates(evidence: Evidence) -> Iterator[tuple[str, str]]:
    rates = [rate for choice in evidence.choices if (rate := _rate_of(choice))]
    small = [rate for rate in rates if len(rate.grid) < MIN_RATES]
    if small:
        sizes = _range([len(rate.grid) for rate in small])
        low = sum(rate.chosen == min(rate.grid) for rate in small)
        yield (
            f"Learning rates tuned among {sizes} values, the "
            f"smallest chosen in {low} of {len(small)} cells, the largest in "
            f"{len(small) - low}: the best may lie beyond them.",
            f"Try at least {MIN_RATES} where a claim rests on a model that failed.",
        )
    inner = [rate for rate in rates if len(rate.grid) >= MIN_RATES]
    edges = []
    for place, grid, chosen in inner:
        if chosen in (min(grid), max(grid)):
            which = "largest" if chosen == max(grid) else "smallest"
            edges.append(f"{place}: {chosen:g}, the {which}")
    if edges:
        yield (
            f"Learning rate chosen at the edge of its grid in {len(edges)} of "
            f"{len(inner)} cells ({edges[0]}).",
            "Widen the grid until the best value lies inside it.",
        )


def counted_at_floor(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for model in evidence.models:
        scores = {
            (seed, length): score
            for seed, curve in model.scores.items()
            for length, score in curve.items()
        }
        if not model.lost or not scores:
            continue
        kept = [score for place, score in scores.items() if place not in model.lost]
        without = f", without them {fmean(kept):.3f}" if kept else ""
        yield (
            f"{model.label}: {len(model.lost)} of {len(scores)} scores are of runs "
            "that diverged or failed and count as the floor; mean score "
            f"{fmean(scores.values()):.3f}{without}.",
            "Read both numbers; clip gradients or lower the learning rate, and run "
            "failed ones again.",
        )


def no_floor(evidence: Evidence) -> Iterator[tuple[str, str]]:
    done = [run for run in evidence.reported if run.state == "done"]
    lacking = [run for run in done if not dig(run.result, "task", "floor")]
    if len(by_label(done)) > 1 and lacking:
        yield (
            f"{len(lacking)} of {len(done)} runs compare without a floor: what a "
            "predictor reaches that ignores its input is not known.",
            "State the task's floor before comparing models on it.",
        )


RULES: tuple[Rule, ...] = (
    few_seeds,
    unequal_seeds,
    unequal_tuning,
    tuning_seeds_reported,
    few_examples,
    few_lengths,
    learning_rates,
    counted_at_floor,
    no_floor,
)


class _Rate(NamedTuple):
    place: str
    grid: tuple[float, ...]
    chosen: float | None


def _rate_of(choice: Mapping[str, Any]) -> _Rate | None:
    """The learning rates that a cell was tuned over; None where it was not."""
    if not str(choice.get("setting")).endswith("learning_rate"):
        return None
    values = choice.get("values")
    known = map(number, values if isinstance(values, list) else [])
    grid = tuple(value for value in known if value)
    place, chosen = cell_text(choice.get("cell")), number(choice.get("chosen"))
    return _Rate(place, grid, chosen) if grid else None


def _key(run: Run) -> str:
    return json.dumps(run.cell, sort_keys=True)


def _named(key: str) -> str:
    return cell_text(json.loads(key))


def _range(counts: Any) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
