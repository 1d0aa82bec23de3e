"""Write the generated tables of docs/ anew, from what is registered.

    python -m experiments.tables [--check] [--page=docs/models.md]

Prints the pages it has changed. With --check nothing is written, and the exit code is 1
where a page is not what it would be. The text around the tables stays as it is.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from experiments.program import run
from lib.error import UserError

CHECK = flags.DEFINE_boolean("check", False, "Change nothing; exit 1 where it would.")
PAGE = flags.DEFINE_string("page", "", "Only this page, as docs/models.md.")

ROOT = Path(__file__).resolve().parents[1]


def main(_: Sequence[str]) -> int:
    # Here, so that --help need not wait for them.
    from lib.docs_table import PAGES, stale_pages

    if PAGE.value and PAGE.value not in PAGES:
        raise UserError(
            f"--page: unknown {PAGE.value!r} (known: {', '.join(sorted(PAGES))})"
        )
    stale = stale_pages(ROOT, (PAGE.value,) if PAGE.value else tuple(PAGES))
    for name, text in stale.items():
        if CHECK.value:
            print(f"{name}: not up to date; run python -m experiments.tables")
        else:
            (ROOT / name).write_text(text)
            print(f"{name}: written")
    return 1 if CHECK.value and stale else 0


if __name__ == "__main__":
    run(main)
