"""One subject measured in this process: `python -m experiments.bench.worker REQUEST`.

The request is JSON: the subject's label, threads, rounds, seconds, seed, and the file
to write the answer to; or a contender whose peak of memory is asked. The environment
was made for so many threads by whoever starts it.
"""

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.bench.machine import busy_seconds
from experiments.bench.registry import subjects
from experiments.bench.subject import OPTIONAL, OURS, Subject, Work
from experiments.bench.timing import Sample, Turn, now, plan_turn, take_turns
from lib.machine import peak_resident_bytes

_PAUSE = 0.05  # seconds: torch's threads spin for less
PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "torch", "equinox")


def main(request: dict[str, Any]) -> None:
    """Answer a request; a contender that fails is part of the answer."""
    subject = subjects()[request["label"]]
    if request.get("memory"):
        answer = measure_memory(subject, request["memory"])
    else:
        rounds, seconds = request["rounds"], request["seconds"]
        pause = _PAUSE if request["threads"] > 1 else 0.0
        answer = measure_time(subject, rounds, seconds, request["seed"], pause)
    Path(request["answer"]).write_text(json.dumps(answer))


def measure_time(
    subject: Subject, rounds: int, seconds: float, seed: int, pause: float = 0.0
) -> dict[str, Any]:
    """The samples of all contenders that can be had, and who cannot and why."""
    works: dict[str, Work] = {}
    turns: dict[str, Turn] = {}
    left_out: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, make in subject.makers.items():
        try:
            works[name] = make(**subject.parameters)
            turns[name] = plan_turn(works[name])
        except ModuleNotFoundError as error:
            works.pop(name, None)
            if name == OURS or not _is_optional(error):
                errors[name] = _describe(error)
            else:
                left_out[name] = f"{error.name} is not installed"
        except Exception as error:  # noqa: BLE001 one that fails stops no other
            works.pop(name, None)
            errors[name] = _describe(error)
    all_before, before = busy_seconds(), now()
    samples = (
        take_turns(works, rounds, seconds, seed, turns=turns, pause=pause)
        if OURS in works
        else {}
    )
    all_after, after = busy_seconds(), now()
    return {
        "contenders": {
            name: {
                "samples": found,
                "compile_seconds": works[name].compile_seconds,
                "temporary_bytes": works[name].temporary_bytes,
            }
            for name, found in samples.items()
        },
        "left_out": left_out,
        "errors": errors,
        "versions": versions(),
        "others": others(all_before, all_after, before, after),
    }


def others(
    all_before: float | None, all_after: float | None, before: Sample, after: Sample
) -> float | None:
    """Cores that other programs used meanwhile, on average."""
    if all_before is None or all_after is None:
        return None
    own, taken = after.processor - before.processor, after.clock - before.clock
    return max(0.0, all_after - all_before - own) / taken


def measure_memory(subject: Subject, name: str) -> dict[str, Any]:
    """This process's peak of resident memory, and what the first call added to it."""
    try:
        work = subject.makers[name](**subject.parameters)
    except ModuleNotFoundError as error:
        if name == OURS or not _is_optional(error):
            raise
        return {"left_out": f"{error.name} is not installed"}
    before = peak_resident_bytes()
    work.call()
    peak = peak_resident_bytes()
    return {
        "peak_bytes": peak,
        "growth_bytes": peak - before,
        "temporary_bytes": work.temporary_bytes,
    }


def versions() -> dict[str, str]:
    """The versions of us and our peers, of those that are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _is_optional(error: ModuleNotFoundError) -> bool:
    return (error.name or "").split(".")[0] in OPTIONAL


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
