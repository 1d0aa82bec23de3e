"""Fetch a data set once, check it, and leave it where the tasks look for it.

    python -m experiments.prepare                   lists the data sets
    python -m experiments.prepare NAME              downloads from the original address
    python -m experiments.prepare NAME --manual_dir=DIR

With --manual_dir nothing is downloaded: the published files, archives packed in any way
or the unpacked folder are taken from DIR. The set is left in $HORIZON_CACHE, else
~/.cache/horizon. python_docs needs no preparation: every Python carries it.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run

MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", None, "Folder or archive with the published files; no download."
)


def main(argv: Sequence[str]) -> None:
    # Here, not at the top: --help answers at once.
    from lib.data import dataset

    if len(argv) < 2:
        print(_table())
    else:
        folder = MANUAL_DIR.value
        folder = None if folder is None else Path(folder).expanduser()
        print(dataset.prepare(argv[1], folder))


def _table() -> str:
    from lib.data import dataset
    from lib.data.published import DATASETS

    rows = [("NAME", "PREPARED", "UNPACKED", "WHAT", "LICENCE")]
    for name, source in DATASETS.items():
        prepared = "yes" if dataset.is_prepared(name) else "no"
        size = f"{source.size / 1e6:.2f} MB"
        rows.append((name, prepared, size, source.title, source.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    run(main, num_arguments=1)
