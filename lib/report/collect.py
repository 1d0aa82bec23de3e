"""Reads a sweep and its runs from a store, as plain values.

Everything read is data written by somebody else: a value of another type or shape than
expected reads as absent, it never raises.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lib.report.knob import LENGTH, knob_of
from lib.store import (
    RunRecord,
    baseline_key,
    read_baseline,
    read_run,
    read_seconds,
    read_sweep,
)

MOST = 2**60  # beyond it a count is no count
REPORTED = ("done", "diverged")  # states whose runs have a score


@dataclass(frozen=True)
class Run:
    """One run of a sweep: where it stands in the comparison, and what it gave."""

    id: str  # empty where tuning has yet to decide the run's config
    part: str
    cell: dict[str, Any]
    stage: str
    state: str
    reason: str
    config: dict[str, Any] = field(repr=False)
    versions: dict[str, Any]
    result: dict[str, Any] = field(repr=False)  # empty where there is none
    problems: tuple[str, ...]
    metrics: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    baseline: dict[str, Any] = field(default_factory=dict, repr=False)
    knob: str = LENGTH  # the axis along which the part's task gets harder

    @property
    def label(self) -> str:
        """What is compared: the model, and any setting beside the part's axis."""
        model = self.cell.get("model") or dig(self.config, "model", "name") or "run"
        others = [
            f"{key} {value}"
            for key, value in sorted(self.cell.items())
            if key not in ("model", LENGTH, self.knob)
        ]
        return ", ".join([str(model), *others])

    @property
    def length(self) -> int | None:
        """The length trained at, in inputs."""
        length = whole(self.cell.get("length", dig(self.config, "task", "length")))
        return None if length is None or length < 1 else length

    @property
    def place(self) -> int | None:
        """Where the run stands on its part's axis: its length, or the other number."""
        return self.length if self.knob == LENGTH else whole(self.cell.get(self.knob))

    @property
    def seed(self) -> int | None:
        return whole(self.config.get("seed"))


@dataclass(frozen=True)
class Sweep:
    """A sweep as its file states it, with the runs it has so far."""

    name: str
    title: str
    config_file: str
    runs: tuple[Run, ...]
    choices: tuple[dict[str, Any], ...]
    num_pending: int  # cells whose runs wait for a choice by tuning
    expected: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]
    # What the groups of each part spent, in seconds by kind (lib.store.seconds).
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    # By part: what the models were made equal in, as the number of parameters.
    matched: dict[str, str] = field(default_factory=dict)
    # What each part asks of a model, as "distance" or "binding", where the config says.
    abilities: dict[str, str] = field(default_factory=dict)

    @property
    def replicates(self) -> tuple[Run, ...]:
        """The runs that are reported: never those that only served to tune."""
        return tuple(run for run in self.runs if run.stage != "tune")

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts in the sweep's order, those that compare lengths first."""
        by_length = [run.part for run in self.runs if "length" in run.cell]
        return tuple(dict.fromkeys([*by_length, *(run.part for run in self.runs)]))

    @property
    def labels(self) -> tuple[str, ...]:
        """What is compared, in the order of the parts and of the sweep."""
        runs = sorted(self.runs, key=lambda run: self.parts.index(run.part))
        return tuple(dict.fromkeys(run.label for run in runs))


def collect(store: str | Path, name: str) -> Sweep:
    """The sweep `name` of a store with all its runs.

    Raises ValueError, listing the known sweeps, where there is no such sweep.
    """
    plan = read_sweep(Path(store), name)
    runs, problems = [], []
    baselines: dict[str, dict[str, Any]] = {}
    for entry in _dicts(plan.get("runs")):
        try:
            record = read_run(Path(store), str(entry.get("id")))
        except ValueError as error:
            problems.append(str(error))
            record = RunRecord(str(entry.get("id")), "corrupt", str(error))
        runs.append(_with_baseline(_run(entry, record), Path(store), baselines))
    order = {json.dumps([run.part, run.cell]): i for i, run in enumerate(runs)}
    choices = _dicts(plan.get("choices"))
    # They are written as they are made: in another order after an interruption.
    place = lambda choice: order.get(
        json.dumps([choice.get("part"), choice.get("cell")]), len(order)
    )
    pending, cells = _list(plan.get("pending")), _list(plan.get("cells"))
    waiting = [cells[i] for i in pending if isinstance(i, int) and i < len(cells)]
    runs += [run for cell in waiting if isinstance(cell, dict) for run in _coming(cell)]
    return Sweep(
        name=name,
        title=str(plan.get("title") or name),
        config_file=str(plan.get("config_file") or ""),
        runs=tuple(_with_knobs(runs)),
        choices=tuple(sorted(choices, key=place)),
        num_pending=len(pending),
        expected=tuple(_dicts(plan.get("expected"))),
        problems=tuple(problems),
        seconds=sweep_seconds(Path(store), plan),
        matched=_texts(plan.get("matched")),
        abilities=_texts(plan.get("abilities")),
    )


def by_label(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs that have a seed by what the page calls them, in the sweep's order."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if run.seed is not None:
            groups.setdefault(run.label, []).append(run)
    return groups


def dig(data: Any, *keys: str) -> Any:
    """The value below nested keys, or None where any of them is absent."""
    for key in keys:
        if not isinstance(data, Mapping) or key not in data:
            return None
        data = data[key]
    return data


def number(value: Any) -> float | None:
    """A finite or infinite number as a float; anything else, also NaN, as None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > MOST:
        return None
    return None if math.isnan(value) else float(value)


def whole(value: Any) -> int | None:
    """An integer, also one written as text; anything else as None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) <= MOST else None
    is_digits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value)
    return int(value) if is_digits else None


def by_number(data: Any) -> dict[int, Any]:
    """A mapping with its keys that are positive integers, in rising order."""
    if not isinstance(data, Mapping):
        return {}
    pairs = [(whole(key), value) for key, value in data.items()]
    known = [(key, value) for key, value in pairs if key is not None and key > 0]
    return dict(sorted(known, key=lambda pair: pair[0]))


def num_targets(metrics: Any) -> int | None:
    """How many scored targets the metrics of a split are over."""
    return whole(dig(metrics, "num_targets"))


def sweep_seconds(store: Path, plan: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What the groups of a sweep spent by part and kind; parts that say nothing lack.

    A group that two sweeps share is counted in both.
    """
    cells, found = _list(plan.get("cells")), {}
    for entry in _dicts(plan.get("groups")):
        index = entry.get("cell_index")
        cell = cells[index] if type(index) is int and 0 <= index < len(cells) else None
        try:
            spent = read_seconds(store, str(entry.get("id")))
        except ValueError:
            continue
        total = found.setdefault(str(dig(cell, "part") or "runs"), {})
        for kind, seconds in spent.items():
            total[kind] = total.get(kind, 0.0) + seconds
    return {part: total for part, total in found.items() if sum(total.values())}


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in _list(items) if isinstance(item, dict)]


def _texts(data: Any) -> dict[str, str]:
    pairs = data.items() if isinstance(data, Mapping) else ()
    return {str(key): value for key, value in pairs if isinstance(value, str)}


def _list(items: Any) -> list[Any]:
    return items if isinstance(items, list) else []


def _coming(cell: dict[str, Any]) -> list[Run]:
    """The runs of a cell that waits for tuning: without them it would look complete."""
    config = dig(cell, "config")
    config = config if isinstance(config, dict) else {}
    entry = {"part": cell.get("part"), "cell": cell.get("labels")}
    return [
        _run({**entry, "config": {**config, "seed": seed}}, RunRecord("", "pending"))
        for seed in _list(cell.get("seeds"))
    ]


def _with_baseline(run: Run, store: Path, known: dict[str, dict[str, Any]]) -> Run:
    key = baseline_key(dig(run.result, "task", "facts"))
    if not key:
        return run
    if key not in known:
        known[key] = read_baseline(store, key)
    return replace(run, baseline=known[key])


def _with_knobs(runs: list[Run]) -> list[Run]:
    """The runs of parts that test memories with the axis of their part."""
    knobs = {}
    for part in dict.fromkeys(run.part for run in runs):
        own = [run for run in runs if run.part == part]
        if any(dig(run.result, "task", "system") == "memory" for run in own):
            tasks = [dig(run.config, "task") for run in own]
            knobs[part] = knob_of([run.cell for run in own], tasks)
    return [replace(run, knob=knobs.get(run.part, LENGTH)) for run in runs]


def _run(entry: dict[str, Any], record: RunRecord) -> Run:
    cell = entry.get("cell")
    return Run(
        id=record.id,
        part=str(entry.get("part") or "runs"),
        cell=cell if isinstance(cell, dict) else {},
        stage=str(entry.get("stage") or "replicate"),
        state=record.state,
        reason=record.reason,
        config=record.config or entry.get("config") or {},
        versions=record.versions,
        result=record.result or {},
        problems=tuple(str(problem) for problem in record.problems),
        metrics=tuple(_dicts(record.metrics)),
    )
