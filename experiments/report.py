"""Write the report of a sweep: a page, its figures and its tables, from files only.

    python -m experiments.report [--store=results] [--name=horizon] [--copy=FOLDER]

Prints the headline tables, what the config expected beside what was reached, and last
the path of the page. Works while the sweep is still running. With --copy the tables as
Markdown and the figures as PNG also go into a folder, as docs/battery.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.page import print_report
from experiments.program import run
from lib.error import UserError
from lib.store import list_sweeps

STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
NAME = flags.DEFINE_string("name", "", "Sweep to report; not needed with only one.")
COPY = flags.DEFINE_string("copy", "", "Folder that gets report.md and its pictures.")


def main(_: Sequence[str]) -> None:
    store = Path(STORE.value)
    known = list_sweeps(store)
    if not NAME.value and len(known) != 1:
        listed = ", ".join(known) or "none"
        raise UserError(f"--name must say which sweep to report (known: {listed})")
    name = NAME.value or known[0]
    print_report(store, name)
    if COPY.value:
        from lib.report.copy import copy_report

        print(copy_report(store / "report" / name, Path(COPY.value)))


if __name__ == "__main__":
    run(main)
