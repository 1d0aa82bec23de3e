"""Subjects one after another, each measured in processes of its own; summaries.

This process imports neither jax nor torch: it starts the measuring ones and waits.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from experiments.bench.subject import OURS, Subject
from experiments.bench.timing import Sample, ratios, spread
from lib.launch.process import thread_environment

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 240.0  # seconds beyond its rounds that a process may take to get ready

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class Effort(NamedTuple):
    """How much is measured: more rounds give narrower quartiles."""

    rounds: int
    share: float = 1.0  # of each subject's seconds
    threads: tuple[int, ...] = ()  # instead of each subject's own; (): those
    memory: bool = True
    seed: int = 0


class Failed(Exception):
    """A measuring process ended without an answer."""


def measure(subject: Subject, effort: Effort, ask: Ask | None = None) -> dict[str, Any]:
    """Everything measured of a subject, as JSON; what failed is in its "errors"."""
    ask = ask or ask_worker
    found: dict[str, Any] = {
        "name": subject.name,
        "label": subject.label,
        "parameters": dict(subject.parameters),
        "unit": subject.unit,
        "timings": [],
        "memory": {},
        "left_out": {},
        "errors": {},
        "versions": {},
    }
    for threads in subject.threads:
        if effort.threads and threads not in effort.threads:
            continue
        request = {
            "label": subject.label,
            "threads": threads,
            "rounds": effort.rounds,
            "seconds": subject.seconds * effort.share,
            "seed": effort.seed,
        }
        try:
            answer = ask(request)
        except Failed as error:
            found["errors"][OURS] = str(error)
            continue
        for name in ("left_out", "errors", "versions"):
            found[name].update(answer[name])
        if answer["contenders"]:
            found["timings"].append(summarize(threads, answer))
    if subject.memory and effort.memory:
        _measure_memory(subject, found, ask)
    return found


def summarize(threads: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Medians and quartiles of one process's samples, and of the ratios of rounds."""
    samples = {
        name: [Sample(*sample) for sample in contender["samples"]]
        for name, contender in answer["contenders"].items()
    }
    contenders = {
        name: {
            "seconds": {
                clock: spread([getattr(sample, clock) for sample in samples[name]])
                for clock in Sample._fields
            },
            "compile_seconds": contender["compile_seconds"],
            "temporary_bytes": contender["temporary_bytes"],
        }
        for name, contender in answer["contenders"].items()
    }
    return {
        "threads": threads,
        "rounds": len(samples[OURS]),
        "contenders": contenders,
        "ratios": {
            name: {
                clock: spread(ratios(samples[OURS], own, clock))
                for clock in Sample._fields
            }
            for name, own in samples.items()
            if name != OURS
        },
        "others": answer["others"],
    }


def ask_worker(request: dict[str, Any]) -> dict[str, Any]:
    """The answer of a fresh process to a request. Failed, with its last words."""
    limit = _PATIENCE + request.get("seconds", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        words = json.dumps({**request, "answer": str(answer)})
        command = [sys.executable, "-m", "experiments.bench.worker", words]
        environment = {**os.environ, **thread_environment(request["threads"])}
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"gave no answer in {limit:.0f} s") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Failed(f"ended with code {done.returncode}: {last[:300]}")
        return json.loads(answer.read_text())


def _measure_memory(subject: Subject, found: dict[str, Any], ask: Ask) -> None:
    for name in subject.makers:
        if name in found["left_out"]:
            continue
        request = {"label": subject.label, "threads": 1, "memory": name}
        try:
            answer = ask(request)
        except Failed as error:
            found["errors"][name] = str(error)
            continue
        if "left_out" in answer:
            found["left_out"][name] = answer["left_out"]
        else:
            found["memory"][name] = answer
