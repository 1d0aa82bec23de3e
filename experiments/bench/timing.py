"""Contenders taking turns: rounds in random order, times of processor and clock."""

import math
import random
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

from experiments.bench.subject import Work

TURN = 0.03  # seconds that a turn takes at least: the clocks' steps are far below
LONG = 1.0  # seconds from which a call is not made a second time to find that out
LEAST_ROUNDS = 3


class Sample(NamedTuple):
    """Seconds a unit of work in one turn."""

    processor: float  # of this process and of those it started and waited for
    clock: float


class Spread(NamedTuple):
    """Median and quartiles."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Quartiles of at least one value, as of the population that they are."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    return Spread(*quantiles(values, n=4, method="inclusive"))


def take_turns(
    works: Mapping[str, Work],
    rounds: int,
    seconds: float,
    seed: int,
    read: Callable[[], Sample] | None = None,
    repeats: Mapping[str, int] | None = None,
) -> dict[str, list[Sample]]:
    """A sample a round of each contender, in an order drawn anew for every round.

    `repeats` are the calls of a turn, where they have been counted before.
    It ends after `rounds`, or once `seconds` have passed and `LEAST_ROUNDS` are done.
    """
    read = read or now
    repeats = repeats or {name: count_calls(work, read) for name, work in works.items()}
    found: dict[str, list[Sample]] = {name: [] for name in works}
    order, drawn = list(works), random.Random(seed)
    started = read().clock
    for index in range(rounds):
        if index >= LEAST_ROUNDS and read().clock - started > seconds:
            break
        drawn.shuffle(order)
        for name in order:
            found[name].append(_turn(works[name], repeats[name], read))
    return found


def ratios(ours: Sequence[Sample], peer: Sequence[Sample], clock: str) -> list[float]:
    """How many times as long the peer took as we, round by round."""
    return [
        getattr(theirs, clock) / getattr(own, clock)
        for own, theirs in zip(ours, peer, strict=True)
    ]


def count_calls(work: Work, read: Callable[[], Sample] | None = None) -> int:
    """Calls that fill a turn, after one that may still prepare something."""
    read = read or now

    def seconds() -> float:
        before = read().clock
        work.call()
        return read().clock - before

    taken = seconds()
    if taken < LONG:
        taken = seconds()
    return max(1, math.ceil(TURN / max(taken, 1e-7)))


def _turn(work: Work, repeats: int, read: Callable[[], Sample]) -> Sample:
    if repeats > 1:
        work.call()  # the caches are full of the others' data
    before = read()
    for _ in range(repeats):
        work.call()
    after, units = read(), repeats * work.units
    return Sample(*((b - a) / units for a, b in zip(before, after, strict=True)))


def now() -> Sample:
    """Seconds so far: of the processor by this process and its children, of a clock."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited_for = children.ru_utime + children.ru_stime
    return Sample(time.process_time() + waited_for, time.perf_counter())
