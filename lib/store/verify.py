"""Re-checks what a store holds: every hash, every id, every line."""

from pathlib import Path
from typing import NamedTuple

from lib.error import UserError
from lib.store import document, manifest, metric, run, state, step, sweep
from lib.store.files import CorruptError
from lib.store.group import GROUP
from lib.store.place import group_folder, run_folder


class Report(NamedTuple):
    """Problems, and remarks on what is harmless."""

    problems: list[str]
    remarks: list[str]


def verify_run(store: Path, run_id: str) -> Report:
    """A run's documents against its id; a finished one's files against their hashes."""
    folder = run_folder(store, run_id)
    record = state.look(store, run_id)
    problems, remarks = list(record.problems), []
    if record.config is not None:
        content = {
            "config": record.config,
            "versions": record.versions,
            "fingerprint": record.fingerprint,
        }
        if document.digest(content) != run_id:
            problems.append(
                f"{folder / run.CONFIG}: is not the config that run {run_id} names"
            )
    if record.result is not None:
        verdict = manifest.check(folder, run_id)
        problems += verdict.problems
        remarks += [f"{path}: is not part of the run" for path in verdict.extra]
        if verdict.step != record.result.get("step"):
            problems.append(
                f"{folder / run.RESULT}: states another step than the manifest"
            )
    # A kill may tear a line, which readers leave out: a remark where the file is whole.
    remarks += metric.read(folder / metric.NAME).problems
    return Report(problems, remarks)


def verify_group(store: Path, group_id: str) -> Report:
    """A group's checkpoints against their manifests."""
    folder = group_folder(store, group_id)
    try:
        document.read(folder / GROUP)
    except FileNotFoundError:
        return Report([], [f"{folder}: was never begun"])
    except CorruptError as error:
        return Report([str(error)], [])
    found = [step.check(folder, group_id, at_step) for at_step in step.steps(folder)]
    return Report([problem for problems in found for problem in problems], [])


def verify_sweep(store: Path, name: str) -> Report:
    """A sweep's file against the configs of its runs."""
    try:
        planned = sweep.read_sweep(store, name)
    except CorruptError as error:
        return Report([str(error)], [])
    problems = []
    for entry in planned["runs"]:
        config = state.look(store, entry["id"]).config
        if config is not None and config != entry["config"]:
            problems.append(f"sweep {name}: run {entry['id']} has another config there")
    return Report(problems, [])


def list_runs(store: Path) -> tuple[list[str], list[str]]:
    """The ids of all runs that have a folder, and the names that are none."""
    ids, others = [], []
    for path in sorted((Path(store) / "runs").glob("*/*")):
        try:
            known = run_folder(store, path.name) == path and path.is_dir()
        except UserError:
            known = False
        (ids if known else others).append(path.name if known else str(path))
    return ids, others


def list_groups(store: Path) -> list[str]:
    """The names of all groups that have a folder."""
    folder = Path(store) / "groups"
    return (
        sorted(p.name for p in folder.iterdir() if p.is_dir())
        if folder.is_dir()
        else []
    )
