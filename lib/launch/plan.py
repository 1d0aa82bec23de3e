"""A sweep's plan: its cells, runs and groups as plain JSON, and each tuned choice.

Nothing but the plan is needed to resume, inspect or export a sweep. A choice is a pure
function of the tuning runs' results, so that a plan made anew comes out the same.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lib import store
from lib.check import check_program
from lib.config import Config, check_config, make_config
from lib.cost import tokens_per_example
from lib.error import UserError
from lib.launch.choice import choose, describe_choice
from lib.program import Program, identify, make_program
from lib.sweep import Axis, Cell, expand

Plan = dict[str, Any]

_MAX_PROBLEMS = 20  # printed at once


def make_plan(
    name: str,
    parts: Mapping[str, tuple[Mapping[str, Any], Sequence[Axis]]],
    *,
    title: str = "",
    config_file: str = "",
    expected: Sequence[Mapping[str, Any]] = (),
    abilities: Mapping[str, str] | None = None,
    max_width: int = 8,
    tell: Callable[[int, int], None] = lambda checked, total: None,
) -> Plan:
    """Expand and validate every run of a sweep. Raises UserError with every problem.

    `abilities` say what a part asks of a model, as "distance" or "binding"; the report
    puts the parts that have one side by side.
    """
    if unknown := [part for part in abilities or {} if part not in parts]:
        raise UserError(
            f"sweep {name}: abilities of unknown parts {', '.join(unknown)} "
            f"(known: {', '.join(parts)})"
        )
    cells = [
        c for part, (config, axes) in parts.items() for c in expand(part, config, axes)
    ]
    if not cells:
        raise UserError(f"sweep {name}: 0 runs; an axis or the sweep is empty")
    _check_cells(cells, tell)
    plan: Plan = {
        "format": 1,
        "name": name,
        "title": title,
        "config_file": config_file,
        "cells": [_cell_entry(cell) for cell in cells],
        "runs": [],
        "groups": [],
        "choices": [],
        "pending": [],
        "expected": list(expected),
        "abilities": dict(abilities or {}),
        "max_width": max_width,
        # by part: what its models have in common, as an equal number of parameters
        "matched": _matched(parts),
    }
    grouped: set[str] = set()
    for index, cell in enumerate(cells):
        if cell.tune is None:
            _add_reported(plan, grouped, index, cell.replicate_configs())
        else:
            _add_runs(plan, grouped, index, "tune", cell.tune_configs())
            plan["pending"].append(index)
    return plan


def decide(plan: Plan, root: Path, is_final: Callable[[str], bool]) -> bool:
    """Choose for every pending cell whose tuning runs have all ended; True if any did.

    The reported runs of these cells join the plan, in the order of its cells.
    """
    by_cell: dict[int, list[dict[str, Any]]] = {i: [] for i in plan["pending"]}
    for run in plan["runs"]:
        by_cell.setdefault(run["cell_index"], []).append(run)
    grouped = {run_id for group in plan["groups"] for run_id in group["members"]}
    decided = []
    for index in plan["pending"]:
        runs = by_cell[index]
        if not all(is_final(run["id"]) for run in runs):
            continue
        cell = _cell(plan["cells"][index])
        assert cell.tune is not None, "a pending cell has values to choose from"
        points = cell.tune["points"]
        best, scores = choose(root, points, runs)
        place = {"cell_index": index, "part": cell.part, "cell": cell.labels}
        plan["choices"] += [
            {**place, **entry} for entry in describe_choice(points, scores, best)
        ]
        _add_reported(plan, grouped, index, cell.replicate_configs(points[best]))
        decided.append(index)
    plan["pending"] = [index for index in plan["pending"] if index not in decided]
    for entries in ("runs", "groups", "choices"):  # whatever cell was decided first
        plan[entries].sort(key=lambda entry: entry["cell_index"])
    return bool(decided)


def count_runs(plan: Plan) -> dict[str, int]:
    """How much a plan asks for: cells, runs to be decided too, distinct ids."""
    cells = [_cell(entry) for entry in plan["cells"]]
    undecided = sum(len(cells[index].seeds) for index in plan["pending"])
    return {
        "cells": len(cells),
        "runs": len(plan["runs"]) + undecided,
        "distinct": len({run["id"] for run in plan["runs"]}) + undecided,
        "programs": len({group["program"] for group in plan["groups"]}),
    }


def run_work(given: Mapping[str, Any]) -> int:
    """The tokens a run trains on, if it does not stop early."""
    config = make_config(given)
    return _work(config, make_program(config))


def _work(config: Config, program: Program) -> int:
    examples = config.train.num_steps * config.train.batch_size
    return examples * tokens_per_example(program.task)


def _matched(
    parts: Mapping[str, tuple[Mapping[str, Any], Sequence[Axis]]],
) -> dict[str, str]:
    notes = {
        part: "; ".join(axis.note for axis in axes if axis.note)
        for part, (_, axes) in parts.items()
    }
    return {part: note for part, note in notes.items() if note}


def _add_reported(
    plan: Plan, grouped: set[str], index: int, configs: list[dict[str, Any]]
) -> None:
    points = [(None, config) for config in configs]
    _add_runs(plan, grouped, index, "replicate", points)


def _add_runs(
    plan: Plan,
    grouped: set[str],
    index: int,
    stage: str,
    configs: Sequence[tuple[int | None, dict[str, Any]]],
) -> None:
    """Append the runs of one cell's stage, and the groups that will train them.

    A tuning run's config comes with the index of the point that it tries. `grouped` has
    the runs that are in some group, before and after.
    """
    cell = plan["cells"][index]
    added: dict[str, str] = {}
    work: dict[str, int] = {}
    for point, given in configs:
        config, _ = check_config(given)
        assert config is not None, "checked before"
        run = {
            "id": identify(config),
            "part": cell["part"],
            "cell": cell["labels"],
            "cell_index": index,
            "stage": stage,
            "config": config.to_dict(),
        }
        if point is not None:
            run["point"] = point
        if run["id"] not in added:
            plan["runs"].append(run)
            program = make_program(config)
            added[run["id"]] = program.key
            work[program.key] = _work(config, program)
    largest = max(len(_cell(cell).tune_configs()), len(cell["seeds"]))
    width = min(plan["max_width"], largest)
    for key in dict.fromkeys(added.values()):
        members = [i for i, k in added.items() if k == key and i not in grouped]
        for start in range(0, len(members), plan["max_width"]):
            chunk = members[start : start + plan["max_width"]]
            plan["groups"].append(
                {
                    "id": store.digest({"members": chunk, "width": width}),
                    "members": chunk,
                    "width": width,
                    "program": key,
                    "stage": stage,
                    "cell_index": index,
                    "work": len(chunk) * work[key],  # what launchers order groups by
                }
            )
        grouped.update(members)


def _check_cells(cells: Sequence[Cell], tell: Callable[[int, int], None]) -> None:
    """Validate every run of every cell; shapes once a program."""
    problems: dict[str, list[str]] = {}
    checked: set[str] = set()
    known: dict[str, Any] = {}  # shapes that programs share
    for index, cell in enumerate(cells):
        tell(index, len(cells))
        points = [None] if cell.tune is None else cell.tune["points"]
        configs = [
            *(config for _, config in cell.tune_configs()),
            *(config for p in points for config in cell.replicate_configs(p)),
        ]
        where = ", ".join(f"{k}={v}" for k, v in cell.labels.items()) or cell.part
        for given in configs:
            config, found = check_config(given)
            if config is not None:
                found = _program_problems(config, checked, known)
            for problem in found:
                problems.setdefault(problem, []).append(where)
    if problems:
        lines = [f"{p} [{_places(w)}]" for p, w in problems.items()]
        more = len(lines) - _MAX_PROBLEMS
        tail = [f"... and {more} more problems"] if more > 0 else []
        raise UserError("\n".join(lines[:_MAX_PROBLEMS] + tail))


def _program_problems(
    config: Any, checked: set[str], known: dict[str, Any]
) -> list[str]:
    try:
        key = make_program(config).key
        if key not in checked:
            check_program(config, known)
            checked.add(key)
    except ValueError as error:
        return str(error).splitlines()
    return []


def _places(where: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(where))
    more = f" and {len(distinct) - 2} more cells" if len(distinct) > 2 else ""
    return "; ".join(distinct[:2]) + more


def _cell_entry(cell: Cell) -> dict[str, Any]:
    return {**cell._asdict(), "seeds": list(cell.seeds)}


def _cell(entry: Mapping[str, Any]) -> Cell:
    return Cell(**{**entry, "seeds": tuple(entry["seeds"])})
