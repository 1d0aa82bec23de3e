"""Subjects measured one after another; table, figure and files of what was found."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.bench.runner import Effort, measure
from experiments.bench.subject import Subject
from experiments.program import plain


def measure_all(
    chosen: Sequence[Subject], effort: Effort, seconds: float, folder: Path
) -> int:
    """Measure, print, write; 1 where something failed, else 0."""
    from experiments.bench.machine import busy_before, busy_while, describe_machine

    started, machine = time.monotonic(), describe_machine()
    _say(busy_before(machine))
    results: list[dict[str, Any]] = []
    try:
        for index, subject in enumerate(chosen):
            taken = time.monotonic() - started
            if taken > seconds:
                left = ", ".join(subject.label for subject in chosen[index:])
                _say(f"{taken / 60:.0f} minutes are over, not measured: {left}")
                break
            _say(f"{index + 1} of {len(chosen)}, {taken:.0f} s: {subject.label}")
            results.append(measure(subject, effort))
            _write_json(folder, machine, effort, results)
    finally:  # what is interrupted shows what it has
        if results:
            _publish(folder, results)
    _say(busy_while(results))
    return 1 if any(result["errors"] for result in results) else 0


def _publish(folder: Path, results: Sequence[dict[str, Any]]) -> None:
    from experiments.bench.figure import draw
    from experiments.bench.table import complaints, markdown, table
    from lib.report.figure import png
    from lib.report.file import replace_file

    print("\n".join(table(results).lines()))
    for line in complaints(results):
        _say(line)
    replace_file(folder / "bench.md", markdown(results).encode())
    if any(timing["ratios"] for result in results for timing in result["timings"]):
        replace_file(folder / "bench.png", png(lambda: draw(results)))
        print(folder / "bench.png")


def _write_json(
    folder: Path,
    machine: dict[str, Any],
    effort: Effort,
    results: Sequence[dict[str, Any]],
) -> None:
    from lib.report.file import replace_file

    content = {"machine": machine, "effort": effort._asdict(), "results": results}
    replace_file(folder / "bench.json", json.dumps(content, indent=1).encode())


def _say(message: str) -> None:
    if message:
        print(plain(message), file=sys.stderr, flush=True)
