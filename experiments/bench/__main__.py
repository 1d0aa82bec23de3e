"""How fast Horizon is beside its peers, measured in turns on this machine.

    python -m experiments.bench [--quick | --full] [--only=TEXT ...] [--rounds=N]
        [--threads=1,2] [--minutes=15] [--list] [--store=results] [--out=FOLDER]

Peers are flax, and torch and equinox where they are installed (`make bench` installs
them). With one thread the processor's time is compared, with two the clock's. Prints a
table and writes bench.json, bench.md and bench.png into <store>/report/bench, or --out.
15 minutes on 2 quiet cores, with --quick 2. Exits with 1 where something failed.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.bench.course import measure_all
from experiments.bench.runner import Effort
from experiments.bench.subject import Subject
from experiments.program import report_folder, run
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


if __name__ == "__main__":
    run(main)
