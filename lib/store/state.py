"""Where a run stands, derived from its files and locks on every look."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.store import document, lock, manifest, metric, run
from lib.store.files import CorruptError
from lib.store.place import run_folder

MAX_RETRIES = 2  # of a run that failed; an invalid or diverged one is never retried

STATES = (
    *("pending", "running", "done", "failed", "invalid", "diverged"),
    *("preempted", "cancelled", "lost", "corrupt"),
)

Document = dict[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """One run as its files show it.

    `config` and `result` are None until they are written; a result counts only once
    its folder is sealed. `metrics` are merged rows (see `lib.store.metric`).
    """

    id: str
    state: str
    reason: str = ""
    config: Document | None = None
    versions: Document = field(default_factory=dict)
    fingerprint: str = ""
    result: Document | None = None
    metrics: list[metric.Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failures: int = 0  # attempts that failed
    attempts: int = 0  # times it was begun, as far as its records tell
    last_row: metric.Row | None = None  # the newest line of metrics, as it stands
    age: float | None = None  # seconds since the last sign of life


def read_run(store: Path, run_id: str) -> RunRecord:
    """A run's state, documents and metrics; damage is named, never raised.

    Raises UserError for a malformed id, and NewerFormatError for a folder that a later
    version has written.
    """
    record = look(store, run_id)
    table = metric.read(run_folder(store, run_id) / metric.NAME)
    fields = {**vars(record), "metrics": table.rows}
    fields["problems"] = [*record.problems, *table.problems]
    return RunRecord(**fields)


def look(store: Path, run_id: str) -> RunRecord:
    """A run's state and documents without its metrics: cheap enough for thousands."""
    folder = run_folder(store, run_id)
    problems: list[str] = []
    config = _document(folder / run.CONFIG, run_id, problems) or {}
    failure = _document(folder / run.FAILURE, None, problems) or {}
    result = None
    if (folder / manifest.NAME).exists():
        sealed = _document(folder / manifest.NAME, run_id, problems, "owner")
        result = _document(folder / run.RESULT, run_id, problems)
        if not sealed or not result or not config:
            problems = problems or [f"{folder}: a document is missing"]
            result = None
    row = metric.last(folder / metric.NAME)
    state, reason = _state(folder, result, failure, row, problems)
    settings = config.get("config")
    return RunRecord(
        id=run_id,
        state=state,
        reason=reason,
        config=settings if isinstance(settings, dict) else None,
        versions=config.get("versions") or {},
        fingerprint=config.get("fingerprint") or "",
        result=None if result is None else document.finite_or_named(result),
        problems=problems,
        failures=_count(failure, "failures"),
        attempts=max(_count(row or {}, "attempt"), _count(failure, "attempt")),
        last_row=row,
        age=_age(folder / metric.NAME),
    )


def should_run(record: RunRecord) -> bool:
    """Whether there is work left in a run; whoever gets its lock may do it."""
    if record.state == "failed":
        return record.failures <= MAX_RETRIES
    return record.state not in ("done", "diverged", "invalid")


def _state(
    folder: Path,
    result: Document | None,
    failure: Document,
    row: metric.Row | None,
    problems: list[str],
) -> tuple[str, str]:
    if result is not None:
        diverged = result.get("state") == "diverged"
        reason = f"diverged at step {result.get('step')}" if diverged else ""
        return ("diverged" if diverged else "done"), reason
    if lock.is_held(folder / metric.NAME):
        return "running", ""
    if problems:
        return "corrupt", problems[0]
    state, reason = failure.get("state"), str(failure.get("reason", ""))
    begun_again = _count(row or {}, "attempt") > _count(failure, "attempt")
    if state in ("failed", "invalid"):
        return state, reason
    if state in ("preempted", "cancelled") and not begun_again:
        return state, reason
    if (folder / metric.NAME).exists():
        return "lost", "stopped without a word"
    return "pending", ""


def _document(
    path: Path, owner: str | None, problems: list[str], key: str = "id"
) -> Document | None:
    """A document of the run `owner`; what is wrong with it goes into `problems`."""
    try:
        found = document.read(path)
    except FileNotFoundError:
        return None
    except CorruptError as error:
        problems.append(str(error))
        return None
    if owner is not None and found.get(key) != owner:
        other = str(found.get(key))[:80]
        problems.append(f"{path}: belongs to {other!r}, not to {owner!r}")
        return None
    return found


def _count(entry: Document, key: str) -> int:
    value = entry.get(key)
    return value if type(value) is int else 0


def _age(path: Path) -> float | None:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return None
