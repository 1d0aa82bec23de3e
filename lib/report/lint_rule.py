"""The rules of the linter about evidence: what is too little to compare models by.

Each looks at one part of a sweep and says what it found and, in one sentence, what to
do about it (Agarwal et al. 2021). Those about fairness are in lib.report.lint_fairness.
"""

from collections.abc import Iterator
from math import log2
from statistics import fmean

from lib import stats
from lib.report.collect import by_label, dig, whole
from lib.report.knob import knob_name
from lib.report.lint_evidence import Evidence, range_text
from lib.report.score import knob_of_models, lengths_of

MIN_EXAMPLES = 1024  # of which a true score of 0.92 misses 0.9 only 1 time in 100
MIN_LENGTHS, MIN_SPAN = 3, 4
UNEVEN = 3.0  # the widest step between lengths over the narrowest, in octaves


def few_seeds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    counts = {
        label: len({run.seed for run in runs})
        for label, runs in by_label(evidence.reported).items()
    }
    if counts and min(counts.values()) < stats.MIN_SEEDS:
        yield (
            f"{range_text(counts.values())} seeds a model: too few for an interval, "
            f"and at {stats.FEW_SEEDS} or fewer nothing is ever significant.",
            f"Train at least {stats.MIN_SEEDS} seeds, 10 where a claim rests on them.",
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
