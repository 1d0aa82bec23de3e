"""The errors of a regression part beside those of forecasters that train nothing."""

from collections.abc import Sequence

from lib import stats
from lib.report.cost import counted, measured_median
from lib.report.headline import COSTS, mean_cell, seeds_cell
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
            mean_cell(model.values["validation"].get(metric, [])),
            mean_cell(model.values["test"].get(metric, [])),
            *(mean_cell(model.values["test"].get(name, [])) for name in others),
            *(mean_cell(model.found("free_mse")) for _ in range(free)),
            *(Cell(counted(model.runs, key)) for key in COST_KEYS),
            Cell(measured_median(model.runs, "train_seconds")),
            seeds_cell(len(model.values["test"].get(metric, [])), len(model.seeds)),
        )
        for model in models
    ]
    empty = [Cell("")] * (len(others) + free + len(COSTS) + 1)
    for name, value in trivial_errors(models).items():
        rows.append((Cell(name), Cell(""), Cell(f"{value:.3f}"), *empty))
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
