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
LONG = 1.0  # seconds from which a call needs none before it that is not counted
LEAST_ROUNDS = 3


class Sample(NamedTuple):
    """Seconds a unit of work in one turn."""

    processor: float  # of this process and of those it started and waited for
    clock: float


class Turn(NamedTuple):
    """What a contender does in its turn."""

    calls: int
    warm: bool  # after one that is not counted


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
    turns: Mapping[str, Turn] | None = None,
    pause: float = 0.0,
) -> dict[str, list[Sample]]:
    """A sample a round of each contender, in an order drawn anew for every round.

    `turns` are what the contenders do in theirs, where that has been found out before;
    `pause` are seconds of rest before each, in which threads of the last one that spin
    for more work fall asleep. It ends after `rounds`, or once `seconds` have passed and
    `LEAST_ROUNDS` are done.
    """
    read = read or now
    turns = turns or {name: plan_turn(work, read) for name, work in works.items()}
    found: dict[str, list[Sample]] = {name: [] for name in works}
    order, drawn = list(works), random.Random(seed)
    started = read().clock
    for index in range(rounds):
        if index >= LEAST_ROUNDS and read().clock - started > seconds:
            break
        drawn.shuffle(order)
        for name in order:
            time.sleep(pause)
            found[name].append(_take(works[name], turns[name], read))
    return found


def ratios(ours: Sequence[Sample], peer: Sequence[Sample], clock: str) -> list[float]:
    """How many times as long the peer took as we, round by round."""
    return [
        getattr(theirs, clock) / getattr(own, clock)
        for own, theirs in zip(ours, peer, strict=True)
    ]


def plan_turn(work: Work, read: Callable[[], Sample] | None = None) -> Turn:
    """Found out in a call, after one that may still prepare something."""
    read = read or now

    def seconds() -> float:
        before = read().clock
        work.call()
        return read().clock - before

    taken = seconds()
    if taken < LONG:
        taken = seconds()
    return Turn(max(1, math.ceil(TURN / max(taken, 1e-7))), taken < LONG)


def _take(work: Work, turn: Turn, read: Callable[[], Sample]) -> Sample:
    if turn.warm:
        work.call()  # the caches are full of the others' data
    before = read()
    for _ in range(turn.calls):
        work.call()
    after, units = read(), turn.calls * work.units
    return Sample(*((b - a) / units for a, b in zip(before, after, strict=True)))


def now() -> Sample:
    """Seconds so far: of the processor by this process and its children, of a clock."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited_for = children.ru_utime + children.ru_stime
    return Sample(time.process_time() + waited_for, time.perf_counter())
