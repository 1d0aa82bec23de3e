"""A trainer without JAX, killed and failed on purpose, many times a second.

The state is a chain h(t+1) = SHA-256(h(t), seed, t): a right last hash proves that no
step was skipped, repeated or reordered. As a program it forks a child a scenario:

    python fake.py crash|race FOLDER [ACTION]

and prints one JSON line of what it found.
"""

import hashlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from lib import store
from lib.store import fault, files, lock

GROUP, MODE = "fa4e", "map"
NUM_STEPS, RECORD_EVERY, SAVE_EVERY = 10, 3, 3
STATE = "state.json"
VERSIONS = {"task": 1}


def _write(folder: Path, state) -> None:
    files.write_new(folder / STATE, json.dumps(state).encode())


def _read(folder: Path, template):
    return json.loads((folder / STATE).read_bytes())


CODEC = store.Codec(_write, _read)


def advance(state: dict[str, str], step: int) -> dict[str, str]:
    chain = {run: f"{h}/{run}/{step}" for run, h in state.items()}
    return {run: hashlib.sha256(h.encode()).hexdigest() for run, h in chain.items()}


def config_of(seed: int) -> dict:
    return {"seed": seed, "train": {"num_steps": NUM_STEPS}}


def id_of(seed: int) -> str:
    content = {"config": config_of(seed), "versions": VERSIONS, "fingerprint": ""}
    return store.digest(content)


RUNS = (id_of(0), id_of(1))


def train(root: Path, runs=RUNS, group_id: str = GROUP, num_steps: int = NUM_STEPS):
    """What a trainer does with a store, step by step."""
    with store.open_group(root, group_id, runs, MODE, len(runs), codec=CODEC) as group:
        for seed, run_id in enumerate(runs):
            store.write_config(root, run_id, config_of(seed), VERSIONS, "")
        waiting = [r for r in runs if store.read_run(root, r).result is None]
        step, state = group.latest(None) or (0, dict.fromkeys(runs, "begin"))
        while step < num_steps and waiting:
            step, state = step + 1, advance(state, step + 1)
            if step % RECORD_EVERY == 0:
                for run_id in waiting:
                    row = {"split": "train", "loss": len(state[run_id]) / step}
                    row |= {"attempt": group.attempt, "step": step}
                    store.append_metrics(root, run_id, [row])
            if step % SAVE_EVERY == 0:
                group.save(step, state)
        for run_id in waiting:
            result = {"state": "done", "step": step, "hash": state[run_id]}
            store.write_params(root, run_id, {"h": state[run_id]}, CODEC)
            store.write_result(root, run_id, result)
        group.discard()


def outcome(root: Path, runs=RUNS) -> list:
    """All that a user sees of the runs, and what is left over beside them."""
    seen = []
    for run_id in runs:
        record = store.read_run(root, run_id)
        rows = [{k: v for k, v in r.items() if k != "attempt"} for r in record.metrics]
        params = store.read_params(root, run_id, codec=CODEC)
        problems = store.verify_run(root, run_id).problems
        seen.append(
            [record.state, record.result, record.config, rows, params, problems]
        )
    return [*seen, sorted(str(p.relative_to(root)) for p in root.rglob("*.tmp-*"))]


def forked(work, *arguments) -> int:
    """Do some work in a child of this process; its status as `os.wait` gives it."""
    child = os.fork()
    if child == 0:
        try:
            work(*arguments)
        except OSError as error:
            print(error, file=sys.stderr)
            os._exit(1)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def crash(root: Path, action: str) -> dict:
    """Fail once at every passage of every point, then run the same command again.

    EIO takes the same way as ENOSPC: its first passage of each point is enough.
    """
    clean = root / "clean"
    train(clean)
    expected = outcome(clean)
    passages, wrong = dict(fault.passages), []
    for name, count in passages.items():
        for nth in range(1, 2 if action == "eio" else count + 1):
            wrong += _scenario(root, expected, f"{name}:{nth}:{action}")
    return {"passages": passages, "wrong": wrong}


def _scenario(root: Path, expected: list, armed: str) -> list:
    folder = root / armed.replace(":", "-")
    action = armed.rpartition(":")[2]
    fault.passages.clear()
    os.environ["HORIZON_FAULT"] = armed
    status = forked(train, folder)
    del os.environ["HORIZON_FAULT"]
    stopped = (
        os.WTERMSIG(status) if action == "kill" else os.waitstatus_to_exitcode(status)
    )
    if stopped != (signal.SIGKILL if action == "kill" else 1):
        return [[armed, "was not stopped", status]]
    states = [store.read_run(folder, run_id).state for run_id in RUNS]
    if not {*states} <= {"pending", "lost", "done"}:
        return [[armed, "is in state", states]]
    if forked(train, folder) != 0:
        return [[armed, "did not go on"]]
    return [] if outcome(folder) == expected else [[armed, outcome(folder), expected]]


def race(root: Path, num_launchers: int = 3, num_groups: int = 10) -> dict:
    """Several launchers on one store: how often was each run trained?"""
    groups = {
        f"group{g}": [f"{g:08x}{m:08x}" for m in range(3)] for g in range(num_groups)
    }
    (root / "done").mkdir(parents=True)
    children = []
    for _ in range(num_launchers):
        child = os.fork()
        if child == 0:
            os._exit(_launch(root, groups))
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    counts = {path.name: len(path.read_bytes()) for path in (root / "done").iterdir()}
    runs = [run_id for members in groups.values() for run_id in members]
    states = {store.read_run(root, run_id).state for run_id in runs}
    return {"codes": codes, "counts": counts, "runs": len(runs), "states": [*states]}


def _launch(root: Path, groups: dict[str, list[str]]) -> int:
    open_groups = dict(groups)
    while open_groups:
        for group_id, members in list(open_groups.items()):
            if not any(store.should_run(store.look(root, r)) for r in members):
                del open_groups[group_id]
                continue
            try:
                with store.open_group(
                    root, group_id, members, MODE, 3, codec=CODEC
                ) as group:
                    _work(root, group)
            except store.Held:
                continue
    return 0


def _work(root: Path, group: store.Group) -> None:
    for run_id in group.descriptors:
        with open(root / "done" / run_id, "ab") as file:
            file.write(b"x")
        store.write_config(root, run_id, {}, {}, "")
        time.sleep(0.002)
        store.write_result(root, run_id, {"state": "done", "step": 1})


def hold(root: Path) -> None:
    """Hold a group until killed."""
    with store.open_group(root, GROUP, RUNS, MODE, 2, codec=CODEC):
        print("held", flush=True)
        time.sleep(60)


if __name__ == "__main__":
    os.fsync = lambda descriptor: None  # a kill loses nothing that was written
    lock._PAUSE_SECONDS = 0.0
    folder = Path(sys.argv[2])
    if sys.argv[1] == "hold":
        hold(folder)
    found = crash(folder, sys.argv[3]) if sys.argv[1] == "crash" else race(folder)
    print(json.dumps(found))
