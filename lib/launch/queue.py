"""Which group of a sweep runs next. The files decide; this only remembers attempts."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lib import store
from lib.launch.plan import Plan, decide, run_work

Entry = dict[str, Any]

MAX_ATTEMPTS = 3  # the first, and two retries
_HELD_SECONDS = 1.0  # before asking again for a group that another launcher trains


class Queue:
    """The groups of a plan, handed out one at a time and taken back with an outcome."""

    def __init__(
        self,
        root: Path,
        plan: Plan,
        restart: bool = False,
        allow_mode_change: bool = False,
        take_shipped: Callable[[Iterable[Entry]], int] = lambda runs: 0,
    ) -> None:
        self.root, self.plan = root, plan
        self.take_shipped = take_shipped  # of runs that tuning has just decided
        self.allow_mode_change = allow_mode_change
        self.restart = restart  # unfinished groups begin again, checkpoints set aside
        self.running: dict[str, Entry] = {}
        self.given_up: set[str] = set()  # groups
        self.attempts: dict[str, int] = {}
        self.preempted: set[str] = set()  # groups stopped by a signal to this command
        self.not_before: dict[str, float] = {}  # groups held by another launcher
        self.final: set[str] = set()  # runs that need no more work
        self.failed: set[str] = set()  # those of them that have no numbers
        # Asked for with every line of progress; a task takes time to make.
        self.cell_work = {
            index: run_work(cell["config"]) * len(cell["seeds"])
            for index in plan["pending"]
            for cell in (plan["cells"][index],)
        }
        for run in plan["runs"]:
            self._look(run["id"])
        self._decide()
        store.write_sweep(root, plan)

    def take(self, program: str = "") -> Entry | None:
        """The next group to run, one of `program` if there is any; None: none ready.

        Otherwise one of a program that no other worker is at.

        The first is the smallest, so that a result is seen soon; then the largest, so
        that the end does not wait for one.
        """
        while ready := self._ready_now():
            same = [entry for entry in ready if entry["program"] == program]
            # Two workers would compile a program twice.
            elsewhere = {entry["program"] for entry in self.running.values()}
            apart = [entry for entry in ready if entry["program"] not in elsewhere]
            pick = max if self.attempts else min
            entry = pick(same or apart or ready, key=lambda entry: entry["work"])
            self._look_at(entry)  # another launcher may have done it since
            if self._open(entry):
                break
        else:
            return None
        self.running[entry["id"]] = entry
        self.attempts[entry["id"]] = self.attempts.get(entry["id"], 0) + 1
        return entry

    def options(self, group_id: str) -> dict[str, bool]:
        """How a group that is handed out treats its checkpoints: fields of Control."""
        return {
            "restart": self.restart and self.attempts[group_id] == 1,
            "allow_mode_change": self.allow_mode_change,
        }

    def finish(self, group_id: str, outcome: str) -> None:
        """Take a group back: done, failed, lost, held, refused or preempted."""
        entry = self.running.pop(group_id)
        if outcome == "held":
            self.attempts[group_id] -= 1  # nothing was tried
            self.not_before[group_id] = time.monotonic() + _HELD_SECONDS
        elif outcome == "preempted":
            self.preempted.add(group_id)
        elif outcome == "refused" or (
            outcome != "done" and self.attempts[group_id] >= MAX_ATTEMPTS
        ):
            self.given_up.add(group_id)
        self._look_at(entry)

    def is_finished(self) -> bool:
        """Nothing runs, and nothing is left that may run."""
        return not self.running and not any(map(self._is_ready, self.plan["groups"]))

    def counts(self) -> dict[str, int]:
        """Runs by standing, for the progress line."""
        gave_up = sum(
            len(self._open(e)) for e in self.plan["groups"] if e["id"] in self.given_up
        )
        return {
            "done": len(self.final - self.failed),
            "running": sum(len(self._open(entry)) for entry in self.running.values()),
            "failed": len(self.failed) + gave_up,
        }

    def work_left(self) -> int:
        """Tokens still to train, if no run stops early."""
        open_work = sum(
            entry["work"] * len(self._open(entry)) // len(entry["members"])
            for entry in self.plan["groups"]
            if entry["id"] not in self.given_up
        )
        return open_work + sum(self.cell_work[index] for index in self.plan["pending"])

    def _ready_now(self) -> list[Entry]:
        now = time.monotonic()
        held = {i for i, until in self.not_before.items() if until > now}
        ready = filter(self._is_ready, self.plan["groups"])
        return [entry for entry in ready if entry["id"] not in held]

    def _is_ready(self, entry: Entry) -> bool:
        taken = self.running.keys() | self.given_up | self.preempted
        return entry["id"] not in taken and bool(self._open(entry))

    def _open(self, entry: Entry) -> list[str]:
        return [run_id for run_id in entry["members"] if run_id not in self.final]

    def _look_at(self, entry: Entry) -> None:
        """See how far a group is, and decide what hung on it."""
        for run_id in self._open(entry):
            self._look(run_id)
        if self._decide():
            store.write_sweep(self.root, self.plan)

    def _look(self, run_id: str) -> None:
        record = store.read_run(self.root, run_id)
        if store.should_run(record):
            return
        self.final.add(run_id)
        if record.result is None:
            self.failed.add(run_id)

    def _decide(self) -> bool:
        gave_up = {
            run_id
            for entry in self.plan["groups"]
            if entry["id"] in self.given_up
            for run_id in entry["members"]
        }
        is_final: Callable[[str], bool] = lambda i: i in self.final or i in gave_up
        known = {run["id"] for run in self.plan["runs"]}
        changed = decide(self.plan, self.root, is_final)
        new = [run for run in self.plan["runs"] if run["id"] not in known]
        self.take_shipped(new)
        for run in new:
            self._look(run["id"])
        return changed
