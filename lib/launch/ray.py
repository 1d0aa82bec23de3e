"""The Ray engine, an optional extra: groups are Ray tasks with resources.

Only strings cross into Ray: the store's folder, and a group's configs as JSON. The
store stays the only truth, so a lost node costs the work since its last checkpoint, and
the same sweep goes on under any engine. Every node must see the store's folder, and
this code at the same path; that is checked with a nonce before the first group.

Ray trusts every client of a cluster with code execution, so a cluster is started here
only with token authentication and no dashboard; `address` joins one you secured.
"""

import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.error import UserError
from lib.launch.process import (
    describe_source,
    entry_runs,
    run_entry,
    thread_environment,
)

if TYPE_CHECKING:
    from lib.launch.queue import Entry, Queue

_POLL_SECONDS = 0.5
_SOURCE = Path(__file__).resolve().parents[2]


def run_ray(
    root: Path,
    queue: "Queue",
    emit: Callable[[dict[str, Any]], None],
    stop: Callable[[], int],
    num_workers: int,
    address: str = "",
    resources: dict[str, float] | None = None,
) -> None:
    """Run the queue's groups as Ray tasks, at most `num_workers` at a time.

    `resources` is what a group asks for, {"CPU": 1} unless given. The first signal asks
    every task to save what it has, through a file in the store; the second cancels.
    """
    ray = import_ray(address)
    root = root.resolve()
    needs = resources or {"CPU": 1.0}
    stop_file = root / f".stop-{uuid.uuid4().hex}"
    _connect(ray, address)
    try:
        _check_resources(ray, needs)
        _check_shared(ray, root)
        _run_groups(ray, root, queue, emit, stop, num_workers, needs, stop_file)
    finally:
        stop_file.unlink(missing_ok=True)
        ray.shutdown()  # a cluster that was joined goes on


def train_group(folder: str, asked: str) -> str:
    """The task: train one group from the store; its outcome and speed, as JSON."""
    os.environ.update(thread_environment(1))
    from lib.driver import Control
    from lib.launch.process import configure_jax

    configure_jax()
    request, chunks = json.loads(asked), []
    control = Control(
        stop=Path(request["stop_file"]).exists,
        emit=lambda event: chunks.append(event) if "steps" in event else None,
        details=describe_source(),
        **request["options"],
    )
    entry, runs = request["group"], request["runs"]
    outcome, reason = run_entry(Path(folder), entry, runs, control)
    speed = {k: sum(chunk[k] for chunk in chunks) for k in ("steps", "tokens")}
    return json.dumps({"outcome": outcome, "reason": reason, "speed": speed})


def _run_groups(
    ray: Any,
    root: Path,
    queue: "Queue",
    emit: Callable[[dict[str, Any]], None],
    stop: Callable[[], int],
    num_workers: int,
    needs: dict[str, float],
    stop_file: Path,
) -> None:
    options = _task_options(needs)
    task = ray.remote(**options)(train_group)
    pending: dict[Any, Entry] = {}
    told = 0
    while pending or (not told and not queue.is_finished()):
        if stop() > told:
            told = stop()
            stop_file.touch()
            if told > 1:
                for reference in pending:
                    ray.cancel(reference, force=True)
        while not told and len(pending) < num_workers and (entry := queue.take()):
            request = {
                "group": entry,
                "runs": entry_runs(queue.plan, entry),
                "options": queue.options(entry["id"]),
                "stop_file": str(stop_file),
            }
            pending[task.remote(str(root), json.dumps(request))] = entry
            emit({"group": entry["id"], "started": True})
        if not pending:
            time.sleep(_POLL_SECONDS)
            continue
        ready, _ = ray.wait(list(pending), timeout=_POLL_SECONDS)
        for reference in ready:
            entry = pending.pop(reference)
            answer = _answer(ray, reference, told)
            queue.finish(entry["id"], answer["outcome"])
            emit({"group": entry["id"], **answer.pop("speed", {})})
            emit({"group": entry["id"], **answer})


def _answer(ray: Any, reference: Any, told: int) -> dict[str, Any]:
    try:
        return json.loads(ray.get(reference))
    except ray.exceptions.RayError as error:  # a worker or a node that died
        lines = str(error).strip().splitlines() or [type(error).__name__]
        outcome = "preempted" if told else "lost"
        return {"outcome": outcome, "reason": lines[0]}


def _task_options(needs: dict[str, float]) -> dict[str, Any]:
    others = {k: v for k, v in needs.items() if k not in ("CPU", "GPU")}
    return {
        "num_cpus": needs.get("CPU", 0),
        "num_gpus": needs.get("GPU", 0),
        "resources": others,
        "max_retries": 0,  # the queue counts attempts
        "max_calls": 1,  # a fresh process a group: JAX gives no memory back
    }


def import_ray(address: str) -> Any:
    """Ray, which reads its environment as it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not address:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError as error:
        raise UserError(
            "engine ray: Ray is not installed; install it with "
            "pip install -r requirements-ray.txt, or use --engine=local"
        ) from error
    return ray


def _connect(ray: Any, address: str) -> None:
    """Join a cluster, or start one on this machine that only token holders reach."""
    from lib import own

    told = {k: v for k, v in os.environ.items() if k == own.ENVIRONMENT}
    environment = {"PYTHONPATH": str(_SOURCE), **told}
    ray.init(
        address=address or None,
        include_dashboard=None if address else False,
        configure_logging=False,
        log_to_driver=False,
        runtime_env={"env_vars": environment},
    )


def _check_resources(ray: Any, needs: dict[str, float]) -> None:
    """Refuse what no node has: Ray itself would wait for it without a word."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if any(all(node.get(k, 0) >= v for k, v in needs.items()) for node in nodes):
        return
    known = ("CPU", "GPU", *needs)
    have = [{k: n[k] for k in dict.fromkeys(known) if k in n} for n in nodes]
    raise UserError(f"engine ray: a group needs {needs}, but the nodes have {have}")


def _check_shared(ray: Any, root: Path) -> None:
    """Every node must read what this one writes into the store."""
    nonce = root / f".nonce-{uuid.uuid4().hex}"
    nonce.touch()
    try:
        look = ray.remote(num_cpus=0, max_retries=0)(_sees)
        for node in ray.nodes():
            if not node["Alive"]:
                continue
            strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
                node["NodeID"], soft=False
            )
            options = look.options(scheduling_strategy=strategy)
            if not ray.get(options.remote(str(nonce))):
                name = node["NodeManagerHostname"]
                raise UserError(
                    f"engine ray: node {name} does not see the store {root}"
                )
    finally:
        nonce.unlink()


def _sees(path: str) -> bool:
    return Path(path).exists()
