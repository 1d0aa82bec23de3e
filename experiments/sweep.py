"""Run a sweep: expand, validate everything, train what is not done, resume the rest.

    python -m experiments.sweep --config=configs/horizon.py [--store=results]
        [--engine=local|serial|ray] [--workers=N] [--dry-run] [--config.key=value ...]

The same command typed again is always the right next step: done runs are kept,
interrupted ones go on, failed ones are tried again. Exit codes: 0 all done, 1 some run
failed, 2 bad input, 75 stopped by SIGTERM, 130 by Ctrl-C.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.beside import tables_beside
from experiments.experiment import (
    Experiment,
    define_config_flag,
    load_experiment,
)
from experiments.launch import announce, plan_sweep, read_baselines, run_sweep
from experiments.own import define_own_flags, load_own
from experiments.own_check import check_own
from experiments.own_sweep import join
from experiments.own_task import solve_widths
from experiments.page import print_report
from experiments.program import run

CONFIG = define_config_flag()
OWN = define_own_flags()
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
NAME = flags.DEFINE_string(
    "name", "", "The sweep's name in the store; '': the config file's."
)
ENGINE = flags.DEFINE_enum(
    "engine", "local", ["local", "serial", "ray"], "Who runs the groups of runs."
)
WORKERS = flags.DEFINE_integer(
    "workers", 0, "Processes (local) or groups at a time (ray); 0: one a core.", 0, 4096
)
RAY_ADDRESS = flags.DEFINE_string("ray_address", "", "Cluster to join; '': start one.")
RESTART = flags.DEFINE_bool(
    "restart-from-scratch", False, "Set checkpoints of unfinished runs aside."
)
ALLOW_MODE_CHANGE = flags.DEFINE_bool(
    "allow_mode_change", False, "Go on from checkpoints of another mode: other bits."
)
DRY_RUN = flags.DEFINE_bool("dry-run", False, "Expand and validate, then stop.")


BASELINES = flags.DEFINE_string(
    "baselines",
    "auto",
    "Results that are not trained again: a file, on: that of the config under "
    "configs/baselines, off, or auto: on with --model or --task, if there is a file.",
)


def main(_: Sequence[str]) -> int:
    experiment = load_experiment(CONFIG.value, NAME.value)
    root = Path(STORE.value)
    baselines = _baselines(experiment)
    own = load_own(OWN)
    experiment = join(experiment, own, NAME.value)
    check_own(experiment, own)
    if own.tasks:
        experiment = solve_widths(experiment)
    if DRY_RUN.value:
        read_baselines(baselines)
        announce(plan_sweep(experiment), root, experiment.remarks)
        return 0
    code = run_sweep(
        experiment,
        root,
        ENGINE.value,
        WORKERS.value,
        RAY_ADDRESS.value,
        restart=RESTART.value,
        allow_mode_change=ALLOW_MODE_CHANGE.value,
        baselines=baselines,
    )
    for line in tables_beside(root, experiment.name):
        print(line)
    if own:
        print_report(root, experiment.name)
    return code


def _baselines(experiment: Experiment) -> Path | None:
    """The file of shipped results that a sweep takes its baselines from."""
    folder = Path(experiment.config_file).parent / "baselines"
    usual = folder / f"{experiment.stem}.json"
    if BASELINES.value == "auto":
        own = OWN.model.value or OWN.task.value
        return usual if own and usual.is_file() else None
    return {"off": None, "on": usual}.get(BASELINES.value, Path(BASELINES.value))


if __name__ == "__main__":
    run(main)
