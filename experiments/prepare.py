"""Fetch a data set once, check it, and leave it where the tasks look for it.

    python -m experiments.prepare tiny_shakespeare
    python -m experiments.prepare tiny_shakespeare --manual_dir=DIR

The first downloads; the second takes the published file from DIR, with no network. The
set is left in $HORIZON_CACHE, else ~/.cache/horizon.
python_docs needs no preparation: every Python carries it.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError

MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", None, "Folder with the published file; nothing is downloaded."
)
_KNOWN = ("tiny_shakespeare",)


def main(argv: Sequence[str]) -> None:
    if len(argv) != 2 or argv[1] not in _KNOWN:
        given = " ".join(argv[1:]) or "none"
        known = ", ".join(_KNOWN)
        raise UserError(f"prepare: name one data set of: {known}; got {given}.")
    # Here, not at the top: these bring JAX, and --help answers at once.
    from lib.data.tiny_shakespeare import prepare

    folder = MANUAL_DIR.value
    print(prepare(None if folder is None else Path(folder).expanduser()))


if __name__ == "__main__":
    run(main, num_arguments=1)
