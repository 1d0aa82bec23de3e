"""Shows where the runs of a store stand, from its files alone.

    python -m experiments.status --store=results [--name=SWEEP] [--json]

Works while a sweep runs, on a read-only copy and on another machine.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments import program
from experiments.program import plain
from lib import store
from lib.error import UserError
from lib.report.collect import sweep_seconds
from lib.report.time_table import time_text

_STORE = flags.DEFINE_string("store", "results", "Folder of the results.")
_NAME = flags.DEFINE_string("name", None, "Only this sweep.")
_JSON = flags.DEFINE_boolean("json", False, "Print one JSON document instead.")

_SHOWN = 20  # unfinished runs and errors listed; --json has them all


def main(arguments: Sequence[str]) -> int:
    del arguments
    root = Path(_STORE.value)
    if not root.is_dir():
        raise UserError(f"store: {root} is not a folder")
    names = [_NAME.value] if _NAME.value is not None else store.list_sweeps(root)
    sweeps = [describe_sweep(root, name) for name in names]
    if _JSON.value:
        print(json.dumps({"store": str(root), "sweeps": sweeps}, indent=1))
    elif not sweeps:
        print(f"no sweeps in {plain(root)}")
    else:
        print("\n\n".join("\n".join(lines_of(sweep)) for sweep in sweeps))
    return 0


def describe_sweep(root: Path, name: str) -> dict[str, Any]:
    """A sweep's runs by state, its errors, and every run's standing."""
    planned = store.read_sweep(root, name)
    runs = [describe_run(root, entry) for entry in planned["runs"]]
    states = [run["state"] for run in runs]
    pending = planned.get("pending")
    return {
        "name": name,
        "title": str(planned.get("title") or ""),
        "states": {
            state: states.count(state) for state in store.STATES if state in states
        },
        "shipped": sum(run["shipped"] for run in runs),
        "undecided_cells": len(pending) if isinstance(pending, list) else 0,
        "seconds": sweep_seconds(root, planned),
        "errors": _errors(runs),
        "runs": runs,
    }


def describe_run(root: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """One run: where it stands in its sweep, and how far it has come."""
    record = store.look(root, entry["id"])
    row, result = record.last_row or {}, record.result or {}
    train = entry["config"].get("train")
    values = {k: v for k, v in row.items() if k not in ("attempt", "step", "split")}
    return {
        "id": record.id,
        "part": entry.get("part"),
        "cell": entry.get("cell"),
        "stage": entry.get("stage"),
        "state": record.state,
        "reason": record.reason,
        "step": result.get("step", max(0, row.get("step", 0))),
        "num_steps": train.get("num_steps") if isinstance(train, dict) else None,
        "split": row.get("split"),
        "last": {} if "event" in row else _finite(values),
        "age_seconds": None if record.age is None else round(record.age, 1),
        "attempts": record.attempts,
        "shipped": "shipped" in result,
        "failures": record.failures,
        "problems": record.problems,
    }


def lines_of(sweep: dict[str, Any]) -> list[str]:
    """A sweep as lines for people; whatever the files say, it stays in its line."""
    counts = ", ".join(f"{count} {state}" for state, count in sweep["states"].items())
    lines = [f"{plain(sweep['name'])}: {len(sweep['runs'])} runs: {counts or 'none'}"]
    if sweep["shipped"]:
        lines.append(f"  {sweep['shipped']} of them shipped with the code")
    if sweep["undecided_cells"]:
        lines.append(f"  {sweep['undecided_cells']} cells wait for tuning to decide")
    if spent := time_text(sweep["seconds"]):
        lines.append(f"  {spent}")
    for error in sweep["errors"][:_SHOWN]:
        lines.append(
            f"  {error['runs']} {error['state']}: {plain(error['reason'])[:200]}"
        )
    open_runs = [
        run for run in sweep["runs"] if run["state"] not in ("done", "pending")
    ]
    for run in open_runs[:_SHOWN]:
        lines.append("  " + _line(run))
    if len(open_runs) > _SHOWN:
        lines.append(f"  and {len(open_runs) - _SHOWN} more (--json lists all)")
    return lines


def _line(run: dict[str, Any]) -> str:
    cell = run["cell"] if isinstance(run["cell"], dict) else {}
    where = " ".join(f"{key}={value}" for key, value in cell.items())
    parts = [
        run["id"],
        f"{run['state']:<9}",
        f"step {run['step']}/{run['num_steps'] if run['num_steps'] else '?'}",
        plain(f"{run['part']} {where}")[:60],
    ]
    if run["last"]:
        first = next((k for k in ("score", "loss") if k in run["last"]), None)
        if first:
            parts.append(plain(f"{run['split']} {first} {run['last'][first]:.4g}"))
    if run["age_seconds"] is not None:
        parts.append(f"{_span(run['age_seconds'])} ago")
    if run["attempts"] > 1:
        parts.append(f"attempt {run['attempts']}")
    return "  ".join(parts)


def _errors(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reasons, each with how many runs stopped for it, the commonest first."""
    counts: dict[tuple[str, str], int] = {}
    for run in runs:
        if run["reason"] and run["state"] != "lost":
            key = run["state"], run["reason"]
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"runs": n, "state": state, "reason": why} for (state, why), n in ordered]


def _finite(values: dict[str, Any]) -> dict[str, float]:
    return {k: v for k, v in values.items() if isinstance(v, int | float) and v == v}


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


if __name__ == "__main__":
    program.run(main)
