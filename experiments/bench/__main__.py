"""How fast Horizon is beside its peers, measured in turns on this machine.

    python -m experiments.bench [--quick | --full] [--only=TEXT ...] [--rounds=N]
        [--threads=1,2] [--minutes=15] [--list] [--store=results] [--out=FOLDER]

Peers are flax, and torch and equinox where they are installed (`make bench` installs
them). With one thread the processor's time is compared, with two the clock's. Prints a
table and writes bench.json, bench.md and bench.png into <store>/report/bench, or --out.
15 minutes on 2 quiet cores, with --quick 2. Exits with 1 where something failed.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.bench.runner import Effort, measure
from experiments.bench.subject import Subject
from experiments.program import plain, report_folder, run
from lib.error import UserError

QUICK = flags.DEFINE_bool("quick", False, "Few subjects and rounds: two minutes.")
FULL = flags.DEFINE_bool("full", False, "All sizes: an hour.")
ONLY = flags.DEFINE_multi_string(
    "only", [], "Only subjects whose label contains this; may be given several times."
)
ROUNDS = flags.DEFINE_integer("rounds", None, "Turns of each contender.", 1, 1000)
THREADS = flags.DEFINE_list("threads", [], "Only with so many threads: 1, 2 or 1,2.")
MINUTES = flags.DEFINE_float(
    "minutes", None, "After which no further subject is begun; 15, with --quick 2."
)
LIST = flags.DEFINE_bool("list", False, "Print the subjects' labels and stop.")
SEED = flags.DEFINE_integer("seed", 0, "Of the order of turns.", 0)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
OUT = flags.DEFINE_string("out", None, "Folder to write to instead.")

_ROUNDS, _QUICK_ROUNDS = 15, 5
_QUICK_SHARE = 0.4  # of a subject's seconds


def main(_: Sequence[str]) -> int:
    chosen, effort = _choose(), _effort()
    if LIST.value:
        print("\n".join(subject.label for subject in chosen))
        return 0
    minutes = _minutes()
    folder = Path(OUT.value) if OUT.value else report_folder(Path(STORE.value), "bench")
    folder.mkdir(parents=True, exist_ok=True)
    return measure_all(chosen, effort, 60 * minutes, folder)


def measure_all(
    chosen: Sequence[Subject], effort: Effort, seconds: float, folder: Path
) -> int:
    """Measure, print, write; 1 where something failed, else 0."""
    from experiments.bench.machine import busy_before, busy_while, describe_machine

    started, machine = time.monotonic(), describe_machine()
    _say(busy_before(machine))
    results: list[dict[str, Any]] = []
    for index, subject in enumerate(chosen):
        taken = time.monotonic() - started
        if taken > seconds:
            left = ", ".join(subject.label for subject in chosen[index:])
            _say(f"{taken / 60:.0f} minutes are over, not measured: {left}")
            break
        _say(f"{index + 1} of {len(chosen)}, {taken:.0f} s: {subject.label}")
        results.append(measure(subject, effort))
        _write_json(folder, machine, effort, results)
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


def _choose() -> list[Subject]:
    from experiments.bench.registry import subjects

    if QUICK.value and FULL.value:
        raise UserError("--quick and --full exclude each other")
    every = list(subjects().values())
    # The whole of a label is that subject alone: T=1000 is part of T=10000.
    exact = {text for text in ONLY.value if any(text == s.label for s in every)}
    parts = [text for text in ONLY.value if text not in exact]
    named = [
        s for s in every if s.label in exact or any(text in s.label for text in parts)
    ]
    if ONLY.value and not named:
        names = ", ".join(dict.fromkeys(subject.name for subject in every))
        raise UserError(
            f"--only: no subject contains {' or '.join(map(repr, ONLY.value))}; "
            f"the names are: {names} (--list shows all)"
        )
    # What is asked for by name is measured whatever it costs.
    if QUICK.value:
        return [s for s in named or every if s.quick] or named
    return named or [s for s in every if FULL.value or not s.full]


def _effort() -> Effort:
    for given in THREADS.value:
        if given not in ("1", "2"):
            raise UserError(f"--threads must be 1, 2 or 1,2, got {given!r}")
    return Effort(
        ROUNDS.value or (_QUICK_ROUNDS if QUICK.value else _ROUNDS),
        _QUICK_SHARE if QUICK.value else 1.0,
        tuple(map(int, THREADS.value)),
        memory=not QUICK.value,
        seed=SEED.value,
    )


def _minutes() -> float:
    if MINUTES.value is None:
        return 2.0 if QUICK.value else 600.0 if FULL.value else 15.0
    if not MINUTES.value > 0:
        raise UserError(f"--minutes must be above 0, got {MINUTES.value}")
    return MINUTES.value


def _say(message: str) -> None:
    if message:
        print(plain(message), file=sys.stderr, flush=True)


if __name__ == "__main__":
    run(main)
