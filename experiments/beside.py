"""What simple methods reach on the same texts, measured once a store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure_beside(
    root: Path, plan: dict[str, Any], is_stopped: Callable[[], bool]
) -> None:
    """Measure the baselines of a plan's labelled texts that the store lacks."""
    from lib.baseline import ensure_baseline
    from lib.config import make_config
    from lib.program import make_program

    wanted: dict[str, tuple[Any, set[int]]] = {}
    for run in plan["runs"]:
        config = make_config(run["config"])
        task = make_program(config).test
        if task.system == "classification":
            place = task.facts["texts"], task.facts["unit"]
            _, lengths = wanted.setdefault(str(place), (task, set()))
            lengths |= {config.task["length"], *config.evaluation.lengths}
    for task, lengths in wanted.values():
        if is_stopped():
            return
        ensure_baseline(root, task, sorted(lengths))


def tables_beside(root: Path, name: str) -> list[str]:
    """The lines of the tables of a sweep's parts that classify texts."""
    from lib.report.classification_part import headline
    from lib.report.collect import collect, dig
    from lib.report.headline import COSTS

    lines: list[str] = []
    if not (root / "baselines").is_dir():
        return lines  # no run of the store classifies texts
    sweep = collect(root, name)
    for part in sweep.parts:
        runs = [run for run in sweep.replicates if run.part == part]
        systems = {dig(run.result, "task", "system") for run in runs}
        table = headline(runs) if "classification" in systems else None
        if table is not None:
            titled = table._replace(title=f"{part}: {table.title.lower()}")
            lines += [*titled.without(COSTS).lines(), ""]
    return lines


def values_beside(root: Path, result: dict[str, Any]) -> dict[str, Any]:
    """What each method reaches on the texts of a run, read whole, by its name."""
    from lib import store

    key = store.baseline_key(result.get("task", {}).get("facts"))
    readers = store.read_baseline(root, key).get("readers", {}) if key else {}
    return {name: reader["test"]["whole"] for name, reader in readers.items()}
