"""runs/<ab>/<id>/: a run's config, metrics, parameters and result, whole and portable.

A run is finished when its manifest stands, and then never changes: what another attempt
would still write is dropped.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from lib.error import UserError
from lib.store import document, fault, files, manifest, metric, step
from lib.store.files import CorruptError
from lib.store.place import run_folder

CONFIG, RESULT, FAILURE, PARAMS = "config.json", "result.json", "failure.json", "params"

FailureState = Literal["failed", "invalid", "preempted", "cancelled"]


def write_config(
    store: Path,
    run_id: str,
    config: Mapping[str, Any],
    versions: Mapping[str, int | str],
    fingerprint: str,
) -> None:
    """Record what a run is; its id is the hash of exactly this."""
    folder = run_folder(store, run_id)
    content = {"config": config, "versions": versions, "fingerprint": fingerprint}
    if is_finished(folder, run_id) or _is_same(folder, run_id, content):
        return
    files.make_folder(folder)
    document.write(folder / CONFIG, {"id": run_id, **content})


def append_metrics(store: Path, run_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a run's metrics; each has its attempt, step, split and numbers."""
    folder = run_folder(store, run_id)
    if not (folder / manifest.NAME).exists():
        files.make_folder(folder)
        metric.append(folder / metric.NAME, rows)


def write_params(
    store: Path, run_id: str, params: Any, codec: step.Codec | None = None
) -> None:
    """Record a run's final parameters; its result is written after them."""
    folder = run_folder(store, run_id)
    if is_finished(folder, run_id):
        return
    step.write_folder(folder / PARAMS, codec or _orbax(), params)
    files.remove_leftovers(folder)


def write_result(store: Path, run_id: str, result: Mapping[str, Any]) -> None:
    """Record a run's result and seal its folder: the run is finished after this."""
    folder = run_folder(store, run_id)
    if is_finished(folder, run_id):
        return
    if (folder / metric.NAME).exists():
        files.sync(folder / metric.NAME)
    document.write(folder / RESULT, {**result, "id": run_id})
    fault.point("result.written")
    manifest.seal(folder, run_id, int(result["step"]))


def write_failure(
    store: Path,
    run_id: str,
    state: FailureState,
    reason: str,
    traceback: str = "",
    at_step: int | None = None,
) -> None:
    """Record why a run has stopped short of its result, and how often it failed."""
    folder = run_folder(store, run_id)
    if is_finished(folder, run_id):
        return
    row = metric.last(folder / metric.NAME) or {}
    files.make_folder(folder)
    failure = {
        "attempt": row.get("attempt", 1),
        "state": state,
        "reason": " ".join(reason.split())[:500],
        "step": row.get("step", 0) if at_step is None else at_step,
        "traceback": traceback[-20_000:],
        "failures": failures(folder) + (state == "failed"),
    }
    document.write(folder / FAILURE, failure)


def read_params(
    store: Path, run_id: str, template: Any = None, codec: step.Codec | None = None
) -> Any:
    """A finished run's parameters, once their hashes have been checked.

    Without a template: nested dicts of numpy arrays. With one, a pytree of its
    structure, refused if a shape, a name or a dtype differs.
    """
    folder = run_folder(store, run_id)
    if not is_finished(folder, run_id) or not (folder / PARAMS).is_dir():
        known = "has no parameters" if folder.is_dir() else f"is not in {store}"
        raise UserError(f"run {run_id} {known}")
    problems = manifest.check(folder, run_id, within=f"{PARAMS}/").problems
    if problems:
        raise CorruptError("; ".join(problems[:3]))
    return (codec or _orbax()).read(folder / PARAMS, template)


def remove_run(store: Path, run_id: str) -> None:
    """Take a run out of the store, with all it holds."""
    files.remove(run_folder(store, run_id))


def is_finished(folder: Path, run_id: str) -> bool:
    """Whether a run's folder is sealed and its documents can be read."""
    if not (folder / manifest.NAME).exists():
        return False
    try:
        for name, key in ((manifest.NAME, "owner"), (RESULT, "id"), (CONFIG, "id")):
            if document.read(folder / name).get(key) != run_id:
                return False
    except (FileNotFoundError, CorruptError):
        return False
    return True


def failures(folder: Path) -> int:
    """How many attempts of a run have failed."""
    try:
        count = document.read(folder / FAILURE).get("failures", 0)
    except (FileNotFoundError, CorruptError):
        return 0
    return count if type(count) is int else 0


def _is_same(folder: Path, run_id: str, content: Mapping[str, Any]) -> bool:
    wanted = document.loads(document.dumps({"format": 1, "id": run_id, **content}))
    try:
        return document.read(folder / CONFIG) == wanted
    except (FileNotFoundError, CorruptError):
        return False


def _orbax() -> step.Codec:
    from lib.store import checkpoint  # imports JAX: seconds that readers need not wait

    return checkpoint.CODEC
