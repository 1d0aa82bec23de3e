"""Baselines that come with the code: results of runs by id, without their parameters.

`pack` makes the document of a sweep that has ended. `take` puts its results into a
store as runs that are done, marked as shipped, so that status, choice and report need
not know them; `drop` removes them again, for who wants them trained.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lib import store
from lib.config import make_config
from lib.error import UserError
from lib.launch.plan import Plan, decide
from lib.program import make_program, versions_of
from lib.store import document

# What of a result is shipped: all that a report compares, nothing to look at.
KEYS = ("state", "step", "stopped", "metrics", "context", "task", "cost", "measured")
_SHARED = ("task", "cost", "measured")  # alike in many runs: written once
_OWN = ("train_seconds", "evaluation_seconds", "compile_seconds", "peak_memory_bytes")
_MADE = ("commit", "dirty", "jax", "python", "device", "processor")


def pack(root: Path, name: str) -> dict[str, Any]:
    """The results of a sweep as one document.

    Raises UserError where a run has no result yet, or comes from a file of one's own.
    """
    plan = store.read_sweep(root, name)
    shared: list[str] = []
    runs = []
    for entry in plan["runs"]:
        record = store.look(root, entry["id"])
        if record.result is None:
            raise UserError(
                f"sweep {name}: run {record.id} is {record.state}, not done"
            )
        if {"model_file", "task_file"} & record.versions.keys():
            continue
        runs.append(_packed(entry, record.result, shared))
    if plan.get("pending") or not runs:
        raise UserError(f"sweep {name}: has cells that wait for tuning, or no runs")
    return {
        "name": name,
        "config_file": plan.get("config_file", ""),
        "made": made_by(store.look(root, run["id"]).result or {} for run in runs),
        "shared": [json.loads(text) for text in shared],
        "runs": runs,
    }


def lines_of(document: dict[str, Any]) -> str:
    """JSON with one run a line, so that a change is seen for what it is."""
    plain = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"))
    head = {k: v for k, v in document.items() if k not in ("shared", "runs")}
    lists = [
        f'"{name}":[\n' + ",\n".join(map(plain, document[name])) + "\n]"
        for name in ("shared", "runs")
    ]
    first = plain({"format": 1, **head})[:-1]
    return ",\n".join([first, *lists]) + "}\n"


def made_by(results: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """What made some results: every commit, version and machine, each once."""
    found: dict[str, list[Any]] = {key: [] for key in _MADE}
    for result in results:
        for key, values in found.items():
            value = (result.get("measured") or {}).get(key)
            if value not in values:
                values.append(value)
    return found


def read(path: Path) -> dict[str, Any]:
    """The document of a file. UserError where it is none."""
    try:
        found = document.read(path)
    except FileNotFoundError as error:
        raise UserError(f"--baselines: there is no file {path}") from error
    except store.CorruptError as error:
        raise UserError(f"--baselines: {error}") from error
    if not all(isinstance(found.get(key), list) for key in ("runs", "shared")):
        raise UserError(f"--baselines: {path} holds no runs")
    return found


def settle(
    root: Path, plan: Plan, given: Mapping[str, Any] | None, path: Path | None
) -> None:
    """Have a plan's shipped runs in the store, or without a document none of them."""
    if given is None:
        drop(root, plan)
    elif number := take(root, plan, given, str(path)):
        made = given.get("made") or {}
        of = lambda key: ", ".join(map(str, made.get(key) or ["unknown"]))
        print(
            f"{number} runs are taken from {path} (commit {of('commit')}, jax "
            f"{of('jax')}); --baselines=off trains them",
            file=sys.stderr,
        )


def take(root: Path, plan: Plan, given: Mapping[str, Any], source: str) -> int:
    """Put the results that a plan asks for into the store; returns how many.

    A run that the store has, or that has begun there, stays as it is. Choices by tuning
    are made on the way, as far as all their runs have ended.
    """
    write = taker(root, given, source)
    is_final = lambda run_id: not store.should_run(store.look(root, run_id))
    taken = write(plan["runs"])
    while decide(plan, root, is_final):
        taken += write(plan["runs"])
    return taken


def taker(
    root: Path, given: Mapping[str, Any] | None, source: str
) -> Callable[[Iterable[Mapping[str, Any]]], int]:
    """A function that puts into the store what is shipped of some runs of a plan.

    It returns how many there were; none without a document.
    """
    runs = given["runs"] if given else []
    known = {run["id"]: run for run in runs if isinstance(run, dict)}
    shared = given["shared"] if given else []
    return lambda runs: _write(root, runs, known, shared, source)


def drop(root: Path, plan: Plan) -> None:
    """Remove the shipped runs of a plan from the store: they are to be trained."""
    for run in plan["runs"]:
        if is_shipped(store.look(root, run["id"]).result):
            store.remove_run(root, run["id"])


def is_shipped(result: Mapping[str, Any] | None) -> bool:
    """Whether a result came with the code instead of being trained in its store."""
    return bool(result) and "shipped" in result


def _write(
    root: Path,
    runs: Iterable[Mapping[str, Any]],
    known: Mapping[str, Mapping[str, Any]],
    shared: list[Any],
    source: str,
) -> int:
    wanted = []
    for run in runs:
        if run["id"] in known and store.look(root, run["id"]).state == "pending":
            wanted.append((run, _unpacked(known[run["id"]], shared, source)))
    if not wanted:
        return 0
    from lib.record import write_together  # loads JAX

    def write(run: Mapping[str, Any], result: dict[str, Any]) -> None:
        config = make_config(run["config"])
        about = versions_of(config), make_program(config).task.fingerprint
        store.write_config(root, run["id"], config.to_dict(), *about)
        store.write_result(root, run["id"], result)

    write_together(write, wanted)
    return len(wanted)


def _packed(
    entry: Mapping[str, Any], result: Mapping[str, Any], shared: list[str]
) -> dict[str, Any]:
    kept = {key: result[key] for key in KEYS if key in result}
    measured = dict(kept["measured"])
    kept["measured"] = measured
    seconds = {key: measured.pop(key) for key in _OWN if key in measured}
    cost = dict(kept["cost"])
    kept["cost"] = cost
    tokens = cost.pop("tokens", None)
    for key in _SHARED:
        text = json.dumps(kept[key], sort_keys=True)
        if text not in shared:
            shared.append(text)
        kept[key] = shared.index(text)
    about = {key: entry[key] for key in ("id", "part", "cell", "stage")}
    seed = entry["config"]["seed"]
    return {**about, "seed": seed, **kept, "tokens": tokens, "seconds": seconds}


def _unpacked(run: Mapping[str, Any], shared: list[Any], source: str) -> dict[str, Any]:
    try:
        result = {key: run[key] for key in KEYS if key in run}
        result |= {key: dict(shared[run[key]]) for key in _SHARED}
        result["measured"] |= run["seconds"]
        result["cost"]["tokens"] = run["tokens"]
        int(run["step"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UserError(
            f"--baselines: {source}: run {run.get('id')} is damaged"
        ) from error
    return {**result, "shipped": {"file": source}}
