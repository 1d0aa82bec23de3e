"""Train one run from a config file, or go on with it; print its result.

    python -m experiments.train --config=configs/shakespeare.py [--store=results]
        [--part=NAME] [--threads=N] [--config.key=value ...]

The run is a sweep of one: it resumes, reports and reproduces like any other.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.beside import values_beside
from experiments.experiment import define_config_flag, load_experiment
from experiments.launch import run_sweep
from experiments.own import define_own_flags, load_own
from experiments.own_check import check_own
from experiments.own_sweep import replace_in
from experiments.program import run
from lib.error import UserError

CONFIG = define_config_flag()
OWN = define_own_flags()
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
NAME = flags.DEFINE_string(
    "name", "", "The run's sweep in the store; '': the config file's and part's."
)
THREADS = flags.DEFINE_integer(
    "threads", 1, "Threads to train with; the bits depend on their number.", 1, 1024
)
PART = flags.DEFINE_string("part", "", "Part of a config file that has several.")


def main(_: Sequence[str]) -> int:
    experiment = load_experiment(CONFIG.value)
    own = load_own(OWN, THREADS.value)
    parts = experiment.parts
    if PART.value and PART.value not in parts:
        raise UserError(f"--part: unknown {PART.value!r} (known: {', '.join(parts)})")
    if not PART.value and len(parts) > 1:
        raise UserError(f"--part must name one of: {', '.join(parts)}")
    part = PART.value or next(iter(parts))
    single = experiment._replace(
        name=f"{experiment.name}-{part}-train"
        if PART.value
        else f"{experiment.name}-train",
        parts={part: (parts[part][0], ())},
        expected=[
            e for e in experiment.expected if e["part"] == part and not e["cell"]
        ],
        abilities={},
    )
    if len(own.models) > 1 or len(own.tasks) > 1:
        raise UserError("--model and --task can be given once each: this is one run")
    single = replace_in(single, own)
    check_own(single, own)
    root = Path(STORE.value)
    code = run_sweep(single, root, "serial", num_threads=THREADS.value)
    _print_result(root, single.name)
    return code


def _print_result(root: Path, name: str) -> None:
    from lib import store

    for entry in store.read_sweep(root, name)["runs"]:
        result = store.read_run(root, entry["id"]).result
        if result is not None:
            shown = {
                k: result[k] for k in ("state", "step", "stopped", "metrics", "cost")
            }
            if beside := values_beside(root, result):
                shown["beside"] = beside
            print(json.dumps({"id": entry["id"], **shown}, indent=2))


if __name__ == "__main__":
    run(main)
