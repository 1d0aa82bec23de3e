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
LIST = flags.DEFINE_enum(
    "list", None, ["text", "markdown"], "List the data sets; docs/data.md has markdown."
)


def main(argv: Sequence[str]) -> None:
    # Here, not at the top: --help answers at once.
    from lib.data import dataset

    if LIST.value == "markdown":
        print(markdown_table())
    elif LIST.value or len(argv) < 2:
        print(_text_table())
    else:
        folder = MANUAL_DIR.value
        folder = None if folder is None else Path(folder).expanduser()
        print(dataset.prepare(argv[1], folder))


def markdown_table() -> str:
    """What every data set is, under which licence, and where it comes from."""
    from lib.data.published import DATASETS

    rows = [("name", "what", "records", "licence", "unpacked bytes", "source")]
    rows += [("---", "---", "---", "---", "---:", "---")]
    for name, source in DATASETS.items():
        what = f"[{source.title}]({source.homepage}); {source.citation}"
        addresses = " ".join(
            " or ".join(f"<{address}>" for address in row) for row in source.downloads
        )
        size = f"{source.size:,}"
        rows.append(
            (f"`{name}`", what, source.records, source.licence, size, addresses)
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _text_table() -> str:
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
