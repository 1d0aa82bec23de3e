"""Scores of one part of a sweep: by model, seed and length, with their horizons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from lib import stats
from lib.report.collect import REPORTED, Run, by_label, by_number, dig, number, whole
from lib.report.knob import LENGTH

LOST = ("diverged", "failed")  # states whose runs count at the floor


@dataclass(frozen=True)
class ModelScores:
    """What every seed of one model scored at every length.

    `scores` has 0, the floor, where a run diverged or failed for good: leaving such
    runs out would flatter the model. One that has not ended is absent. `raw` has the
    task's own metric, of runs that are done.
    """

    label: str
    lengths: tuple[int, ...]  # planned; numbers of `knob` where that is another axis
    seeds: tuple[int, ...]  # planned
    runs: tuple[Run, ...] = field(repr=False)
    scores: dict[int, dict[int, float]]  # seed -> length -> score
    raw: dict[int, dict[int, float]]
    lost: frozenset[tuple[int, int]]  # (seed, length) of runs that count as 0
    receptive_field: int | None
    oracle: dict[int, dict[int, float]]  # last inputs seen k -> length -> best score
    knob: str = LENGTH
    # The shortest and longest length of training, where others were tested too.
    trained: tuple[int, int] | None = None

    @property
    def horizons(self) -> dict[int, stats.Horizon]:
        """Every seed's horizon, of the seeds whose runs so far decide it."""
        found = {
            seed: stats.horizon(self.scores.get(seed, {}), self.lengths)
            for seed in self.seeds
        }
        return {seed: value for seed, value in found.items() if value is not None}

    def at(self, length: int) -> list[float]:
        """The scores of the seeds that have one at this length, in seed order."""
        return [
            self.scores[seed][length]
            for seed in self.seeds
            if length in self.scores.get(seed, {})
        ]

    def raw_at(self, length: int) -> list[float]:
        """The task's own metric of the seeds that have it at this length."""
        return [seed[length] for seed in self.raw.values() if length in seed]

    def solved(self, length: int) -> int:
        return sum(score >= stats.THRESHOLD for score in self.at(length))

    def mean_curve(self) -> dict[int, float]:
        """The mean over seeds at each length that has a score."""
        return {t: fmean(self.at(t)) for t in self.lengths if self.at(t)}

    def missing(self) -> dict[int, int]:
        """How many planned seeds have no score, by length, where any lacks one."""
        lacking = {t: len(self.seeds) - len(self.at(t)) for t in self.lengths}
        return {length: count for length, count in lacking.items() if count}


def model_scores(runs: Iterable[Run]) -> list[ModelScores]:
    """The models of one part, from the longest memory to the shortest."""
    runs = [run for run in runs if run.length is not None and run.place is not None]
    has_score = any(dig(run.result, "task", "optimum") for run in runs)
    groups = by_label(runs).items()
    models = [_model(label, members, has_score) for label, members in groups]
    return sorted(models, key=_reach, reverse=True)


def knob_of_models(models: Iterable[ModelScores]) -> str:
    """The axis that the models of one part share."""
    return next((model.knob for model in models), LENGTH)


def lengths_of(models: Iterable[ModelScores]) -> list[int]:
    """Every length that is planned for any of the models."""
    return sorted({length for model in models for length in model.lengths})


def run_score(run: Run, length: int, split: str = "test") -> float | None:
    """One run's score at a length; 0 where it diverged, None where it has none.

    A task whose optimum is unknown has no score.
    """
    if run.state not in REPORTED or not dig(run.result, "task", "optimum"):
        return None
    if run.state == "diverged":
        return 0.0
    value = raw_value(run, length, split)
    floor = number(dig(run.result, "task", "floor", str(length)))
    optimum = number(dig(run.result, "task", "optimum", str(length)))
    if value is None or floor is None or optimum is None:
        return None
    try:
        return stats.normalised_score(value, floor, optimum)
    except ValueError:  # a floor that is the optimum leaves nothing to score
        return None


def raw_value(run: Run, length: int, split: str = "test") -> float | None:
    """One run's value of the metric that its task scores, in that metric's unit."""
    metric = dig(run.result, "task", "score_metric")
    return number(dig(run.result, "metrics", split, str(length), str(metric)))


def _reach(model: ModelScores) -> tuple[float, float]:
    """Sorts models: by their median horizon in octaves, then by their mean score."""
    horizons = list(model.horizons.values())
    curve = model.mean_curve().values()
    middle = stats.median_horizon(horizons) if horizons else None
    position = -2 if middle is None else middle.position
    return position, fmean(curve) if curve else 0.0


def _model(label: str, runs: list[Run], has_score: bool) -> ModelScores:
    planned = tuple(sorted({run.place for run in runs if run.place is not None}))
    knob = runs[0].knob
    # Where only one length was trained, the tested lengths are the comparison.
    if len(planned) == 1 and knob not in runs[0].cell:
        tested = [by_number(dig(run.result, "metrics", "test")) for run in runs]
        planned = tuple(sorted({t for lengths in tested for t in lengths})) or planned
    scores: dict[int, dict[int, float]] = {}
    raw: dict[int, dict[int, float]] = {}
    lost = set()
    for run in runs:
        assert run.seed is not None and run.length is not None
        for place in [run.place] if knob in run.cell else planned:
            assert place is not None, "an axis of whole numbers"
            length = run.length if knob != LENGTH else place
            score, value = run_score(run, length), raw_value(run, length)
            if run.state in LOST and has_score:
                score = 0.0
                lost.add((run.seed, place))
            if score is not None:
                scores.setdefault(run.seed, {})[place] = score
            if value is not None and run.state == "done":
                raw.setdefault(run.seed, {})[place] = value
    fields = {whole(dig(run.result, "cost", "receptive_field")) for run in runs}
    return ModelScores(
        label=label,
        lengths=planned,
        seeds=tuple(sorted({run.seed for run in runs if run.seed is not None})),
        runs=tuple(runs),
        scores=scores,
        raw=raw,
        lost=frozenset(lost),
        # Both are about lengths, and have no place on another axis.
        receptive_field=max((n for n in fields if n and n > 0), default=None)
        if knob == LENGTH
        else None,
        oracle=_oracle(runs) if knob == LENGTH else {},
        knob=knob,
        trained=_trained(runs) if knob == LENGTH and knob not in runs[0].cell else None,
    )


def _trained(runs: Sequence[Run]) -> tuple[int, int] | None:
    """The range of lengths that all runs trained on, if they were tested beyond it."""
    longest = {run.length for run in runs}
    tested = {t for r in runs for t in by_number(dig(r.result, "metrics", "test"))}
    if len(longest) != 1 or not tested - longest:
        return None
    (last,) = longest
    # What a curriculum draws from; without one every example has the same length.
    shortest = {
        whole(dig(run.config, "train", "min_length")) or 1
        if dig(run.config, "train", "curriculum") not in (None, "none")
        else last
        for run in runs
    }
    return None if last is None else (min(s or last for s in shortest), last)


def _oracle(runs: Iterable[Run]) -> dict[int, dict[int, float]]:
    lines: dict[int, dict[int, float]] = {}
    for run in runs:
        table = by_number(dig(run.result, "task", "window_score"))
        for length, windows in table.items():
            for window, value in by_number(windows).items():
                best = number(value)
                if best is not None:
                    lines.setdefault(window, {})[length] = best
    return {window: dict(sorted(line.items())) for window, line in lines.items()}
