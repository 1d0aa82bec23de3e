"""Re-checks every hash, id and line of a store; exit code 1 if anything has changed.

    python -m experiments.verify --store=results [--name=SWEEP]

Hashes prove that the files are as they were written, not who wrote them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import flags

from experiments import program
from experiments.program import plain
from lib import store
from lib.error import UserError

_STORE = flags.DEFINE_string("store", "results", "Folder of the results.")
_NAME = flags.DEFINE_string("name", None, "Only the runs of this sweep.")


def main(arguments: Sequence[str]) -> int:
    del arguments
    root = Path(_STORE.value)
    if not root.is_dir():
        raise UserError(f"store: {root} is not a folder")
    reports = list(check_store(root, _NAME.value))
    for problem in (text for report in reports for text in report.problems):
        print(f"PROBLEM {plain(problem)}")
    for remark in (text for report in reports for text in report.remarks):
        print(f"note    {plain(remark)}")
    count = sum(len(report.problems) for report in reports)
    print(f"{len(reports)} runs, groups and sweeps checked: {count or 'no'} problem(s)")
    return 1 if count else 0


def check_store(root: Path, name: str | None) -> Iterator[store.Report]:
    """A report for each run, group and sweep of a store, or of one sweep's runs."""
    if name is not None:
        ids = [entry["id"] for entry in store.read_sweep(root, name)["runs"]]
        yield store.verify_sweep(root, name)
        yield from (store.verify_run(root, run_id) for run_id in ids)
        return
    ids, others = store.list_runs(root)
    if others:
        yield store.Report([f"{path}: is not a run's folder" for path in others], [])
    yield from (store.verify_run(root, run_id) for run_id in ids)
    yield from (store.verify_group(root, name) for name in store.list_groups(root))
    yield from (store.verify_sweep(root, name) for name in store.list_sweeps(root))


if __name__ == "__main__":
    program.run(main)
