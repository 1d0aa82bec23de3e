"""Write the report of a sweep: a page, its figures and its tables, from files only.

    python -m experiments.report [--store=results] [--name=horizon]

Prints the headline tables, what the config expected beside what was reached, and last
the path of the page. Works while the sweep is still running.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError
from lib.store import list_sweeps

STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
NAME = flags.DEFINE_string("name", "", "Sweep to report; not needed with only one.")


def main(_: Sequence[str]) -> None:
    # Here, so that --help need not wait for them.
    from lib.report.collect import collect
    from lib.report.compose import report_text, write

    store = Path(STORE.value)
    known = list_sweeps(store)
    if not NAME.value and len(known) != 1:
        listed = ", ".join(known) or "none"
        raise UserError(f"--name must say which sweep to report (known: {listed})")
    sweep = collect(store, NAME.value or known[0])
    path = write(sweep, store)
    print(report_text(sweep))
    print(path)


if __name__ == "__main__":
    run(main)
