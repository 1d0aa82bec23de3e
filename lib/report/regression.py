"""What the models of a regression part reached, and what they forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from lib.report.collect import Run, by_label, by_number, dig, number

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class ModelErrors:
    """One compared model: the numbers and the forecasts of every seed."""

    label: str
    name: str  # the model alone
    rest: str  # what else is compared, such as how much was seen
    seeds: tuple[int, ...]  # planned
    runs: tuple[Run, ...] = field(repr=False)
    metric: str  # the task's own
    values: dict[str, dict[str, list[float]]]  # split -> metric -> one value a seed
    facts: dict[str, Any] = field(repr=False)  # of the task, on its test split
    forecasts: dict[int, dict[str, Any]] = field(repr=False)  # by seed

    def found(self, key: str) -> list[float]:
        """A number of every seed's forecast."""
        found = (number(forecast.get(key)) for forecast in self.forecasts.values())
        return [value for value in found if value is not None]

    @property
    def trivial(self) -> dict[str, float]:
        """The test errors of forecasters that need no training, by name."""
        given = dig(self.facts, "trivial")
        pairs = given.items() if isinstance(given, dict) else ()
        known = ((str(name), number(value)) for name, value in pairs)
        return {name: value for name, value in known if value is not None}


def model_errors(runs: Sequence[Run]) -> list[ModelErrors]:
    """The models of a part, in the order of the sweep."""
    return [_model(label, members) for label, members in by_label(runs).items()]


def array(values: Any, ndim: int) -> Float[np.ndarray, "..."] | None:
    """Nested lists of numbers as an array; None for anything else."""
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        return None
    return found if found.ndim == ndim and found.size else None


def _model(label: str, runs: list[Run]) -> ModelErrors:
    done = [run for run in runs if run.state == "done"]
    done.sort(key=lambda run: run.seed or 0)
    values: dict[str, dict[str, list[float]]] = {split: {} for split in SPLITS}
    for run in done:
        for split, named in values.items():
            lengths = by_number(dig(run.result, "metrics", split))
            metrics = lengths[max(lengths)] if lengths else {}
            for name, value in metrics.items() if isinstance(metrics, dict) else ():
                if (known := number(value)) is not None:
                    named.setdefault(name, []).append(known)
    task = [dig(run.result, "task") for run in done]
    task = next((t for t in task if isinstance(t, dict)), {})
    facts = task.get("facts")
    model = str(runs[0].cell.get("model") or dig(runs[0].config, "model", "name"))
    forecasts = {run.seed: dig(run.result, "forecast") for run in done}
    return ModelErrors(
        label=label,
        name=model,
        rest=label.removeprefix(model).lstrip(", "),
        seeds=tuple(sorted({run.seed for run in runs if run.seed is not None})),
        runs=tuple(runs),
        metric=str(task.get("score_metric") or "loss"),
        values=values,
        facts=facts if isinstance(facts, dict) else {},
        forecasts={
            seed: forecast
            for seed, forecast in forecasts.items()
            if seed is not None and isinstance(forecast, dict)
        },
    )
