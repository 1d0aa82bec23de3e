"""The errors of a regression part beside those of forecasters that train nothing."""

from collections.abc import Sequence
from math import isfinite
from statistics import fmean

from lib import stats
from lib.report.cost import counted, measured_median
from lib.report.headline import COSTS, seeds_cell
from lib.report.regression import ModelErrors
from lib.report.table import Cell, Table

COST_KEYS = ("parameters", "state_size", "flops_per_token")
HIDDEN = ("loss", "num_targets", "score")  # metrics that are named elsewhere


def error_table(models: Sequence[ModelErrors]) -> Table:
    """One row a model, then one a trivial forecaster."""
    metric = next((m.metric for m in models if m.values["test"]), "loss")
    others = [
        name
        for name in dict.fromkeys(n for m in models for n in m.values["test"])
        if name != metric and name not in HIDDEN
    ]
    free = any(m.found("free_mse") for m in models)
    columns = ("model", f"validation {metric}", f"test {metric}")
    columns += tuple(f"test {name}" for name in others)
    columns += ("free-running mse",) * free
    rows = [
        (
            Cell(model.label),
            _error(model.values["validation"].get(metric, [])),
            _error(model.values["test"].get(metric, [])),
            *(_error(model.values["test"].get(name, [])) for name in others),
            *(_error(model.found("free_mse")) for _ in range(free)),
            *(Cell(counted(model.runs, key)) for key in COST_KEYS),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values["test"].get(metric, [])), len(model.seeds)),
        )
        for model in models
    ]
    empty = [Cell("")] * (len(others) + free + len(COSTS) + 1)
    for name, value in trivial_errors(models).items():
        rows.append((Cell(name), Cell(""), Cell(_short(value)), *empty))
    unit = next((m.facts["unit"] for m in models if "unit" in m.facts), "")
    note = (
        f"{metric}{f' ({unit})' if unit else ''}: mean over seeds [95 % bootstrap "
        f"interval, from {stats.MIN_SEEDS} seeds up]. Below the models: forecasters "
        "that train nothing, on the same targets of the test split. Seconds: training "
        "of one run, median over seeds."
    )
    return Table(
        "Errors beside trivial forecasters", (*columns, *COSTS, "seeds"), rows, note
    )


def trivial_errors(models: Sequence[ModelErrors]) -> dict[str, float]:
    """Each trivial forecaster once; with what else is compared where that matters."""
    found: dict[str, dict[str, float]] = {}
    for model in models:
        for name, value in model.trivial.items():
            found.setdefault(name, {})[model.rest] = value
    named: dict[str, float] = {}
    for name, by_rest in found.items():
        if len(set(by_rest.values())) == 1:
            named[name] = next(iter(by_rest.values()))
        else:
            named |= {f"{name}, {rest}": value for rest, value in by_rest.items()}
    return named


def _error(values: Sequence[float]) -> Cell:
    """The mean over seeds and its interval; errors span orders of magnitude."""
    if not values:
        return Cell("–")
    if len(values) < stats.MIN_SEEDS or not all(map(isfinite, values)):
        return Cell(_short(fmean(values)))
    low, high = stats.mean_interval(values)
    return Cell(_short(fmean(values)), f"[{_short(low)}, {_short(high)}]")


def _short(value: float) -> str:
    """Three significant digits, from 0.001 up without an exponent."""
    if not isfinite(value) or (value and abs(value) < 1e-3):
        return f"{value:.1e}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:#.3g}"
