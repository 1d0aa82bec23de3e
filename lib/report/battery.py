"""A battery: the same models on many tasks, each task one part of a sweep.

A run counts by its part's scores; a seed of a model has one number a task, the area
under its scores on log2(length), in [0, 1]. Tasks weigh the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from lib import stats
from lib.report.collect import Run, Sweep, dig, number
from lib.report.score import ModelScores, knob_of_models, model_scores

COSTS = ("parameters", "flops_per_token", "state_size")


@dataclass(frozen=True)
class BatteryTask:
    """One task with the scores of every model, by label."""

    name: str
    ability: str
    models: dict[str, ModelScores]

    @property
    def knob(self) -> str:
        """The axis along which it gets harder."""
        return knob_of_models(self.models.values())

    @property
    def lengths(self) -> tuple[int, ...]:
        planned = {t for model in self.models.values() for t in model.lengths}
        return tuple(sorted(planned))

    def areas(self, label: str) -> dict[int, float]:
        """A model's area under the curve by seed, of the seeds scored throughout."""
        model = self.models.get(label)
        if model is None:
            return {}
        found = {
            seed: stats.area_under_curve(model.scores.get(seed, {}), self.lengths)
            for seed in model.seeds
        }
        return {seed: area for seed, area in found.items() if area is not None}


@dataclass(frozen=True)
class Battery:
    """The tasks in the order of their abilities, and the models from the best down."""

    tasks: tuple[BatteryTask, ...]
    labels: tuple[str, ...]

    @property
    def abilities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(t.ability for t in self.tasks if t.ability))

    def of(self, ability: str) -> tuple[BatteryTask, ...]:
        return tuple(task for task in self.tasks if task.ability == ability)

    def cost(self, label: str, key: str) -> float | None:
        """A model's counted cost, the median over its runs of all tasks."""
        runs = [
            r for t in self.tasks if label in t.models for r in t.models[label].runs
        ]
        found = [number(dig(run.result, "cost", key)) for run in runs]
        known = [value for value in found if value is not None]
        return median(known) if known else None


def battery(sweep: Sweep) -> Battery | None:
    """The battery of a sweep; None where fewer than two tasks share models.

    Its tasks are the parts that the config gave an ability; without any, the parts that
    test memories and have one in their name, as "binding: mqar". Others may be one task
    under several conditions, which are not pooled. A setting compared beside the model
    and the part's axis makes a task of its own.
    """
    tasks = []
    for part in sweep.abilities or dict.fromkeys(run.part for run in sweep.runs):
        runs = [run for run in sweep.replicates if run.part == part]
        if sweep.abilities or (_is_memory(runs) and ": " in part):
            tasks += _tasks(part, sweep.abilities.get(part), runs)
    tasks = [t for t in tasks if any(model.scores for model in t.models.values())]
    order = list(dict.fromkeys(task.ability for task in tasks))
    tasks.sort(key=lambda task: order.index(task.ability))
    labels = dict.fromkeys(label for task in tasks for label in task.models)
    shared = [x for x in labels if sum(x in task.models for task in tasks) > 1]
    if len(tasks) < 2 or not shared:
        return None
    made = Battery(tuple(tasks), tuple(labels))
    best = sorted(labels, key=lambda x: _middle(strata(made.tasks, x)), reverse=True)
    return replace(made, labels=tuple(best))


def strata(tasks: Sequence[BatteryTask], label: str) -> list[list[float]]:
    """A model's areas, one list a task that has any."""
    found = [list(task.areas(label).values()) for task in tasks]
    return [values for values in found if values]


def paired_strata(
    tasks: Sequence[BatteryTask], first: str, second: str
) -> tuple[list[list[float]], list[list[float]]]:
    """Both models' areas of the seeds that both have, one list a task they share."""
    xs, ys = [], []
    for task in tasks:
        x, y = task.areas(first), task.areas(second)
        if both := sorted(x.keys() & y.keys()):
            xs.append([x[seed] for seed in both])
            ys.append([y[seed] for seed in both])
    return xs, ys


def _is_memory(runs: Sequence[Run]) -> bool:
    systems = {dig(run.result, "task", "system") for run in runs if run.result}
    return bool(systems) and systems <= {None, "memory"}


def _tasks(part: str, ability: str | None, runs: Sequence[Run]) -> list[BatteryTask]:
    """The tasks of a part: one, or one for each other setting that it compares."""
    groups: dict[str, list[Run]] = {}
    if ability is None:
        ability, _, part = part.rpartition(": ")
    for run in runs:
        others = {k: v for k, v in run.cell.items() if k not in ("model", run.knob)}
        name = ", ".join([part, *(f"{k} {v}" for k, v in sorted(others.items()))])
        cell = {k: v for k, v in run.cell.items() if k not in others}
        groups.setdefault(name, []).append(replace(run, cell=cell))
    return [
        BatteryTask(name, ability, {model.label: model for model in model_scores(own)})
        for name, own in groups.items()
    ]


def _middle(values: list[list[float]]) -> float:
    pooled = [value for task in values for value in task]
    return stats.interquartile_mean(pooled) if pooled else -1.0
