"""Write the results of a sweep into a small file that others compare with.

    python -m experiments.ship --store=results --name=horizon

By default into configs/baselines/NAME.json, where `experiments.sweep --model=...` finds
them: the runs that they hold are not trained again. Commit, versions and machine go
with them, the parameters do not.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError
from lib.store import list_sweeps

STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")
NAME = flags.DEFINE_string("name", None, "Sweep to ship.", required=True)
OUTPUT = flags.DEFINE_string("output", "", "File; '': beside the sweep's config file.")


def main(_: Sequence[str]) -> None:
    from lib.launch.shipped import lines_of, pack
    from lib.report.file import replace_file

    root = Path(STORE.value)
    if NAME.value not in list_sweeps(root):
        known = ", ".join(list_sweeps(root)) or "none"
        raise UserError(f"--name: no sweep {NAME.value!r} in {root} (known: {known})")
    document = pack(root, NAME.value)
    if True in document["made"]["dirty"]:
        print("note: some runs were made by code that is in no commit")
    folder = Path(document["config_file"]).parent / "baselines"
    path = Path(OUTPUT.value or folder / f"{NAME.value}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, lines_of(document).encode())
    size = path.stat().st_size / 1e3
    print(f"{path}: {len(document['runs'])} runs, {size:.0f} kB")


if __name__ == "__main__":
    run(main)
