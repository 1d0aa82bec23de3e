"""bAbI tasks 1-20 (v1.2), English, with 1,000 and with 10,000 training questions.

A record is one file: its name, as "en-10k/qa1_single-supporting-fact_train", and its
text. Lines are "ID sentence" or "ID question<tab>answer<tab>supporting ids"; ID 1
starts a story.

Copies of the set lack some of its files, so it is checked by file: one that is listed
in babi.sha256 must have that SHA-256. The list has the files of 18 tasks (2 and 5 are
not in it, nor is task 3's training file of 10,000). A task's file that the list has not
is taken as it is, and an absent one is absent from the records. The fingerprint is over
all files that were found, so two copies that differ are two data sets.
"""

from collections.abc import Mapping
from pathlib import Path

from lib.data.encoding import decode
from lib.data.source import Records, Source


def _read(files: Mapping[str, bytes]) -> Records:
    return {
        "all": [
            {
                "name": path.removesuffix(".txt"),
                "text": decode(files[path], "utf-8", path),
            }
            for path in sorted(files, key=_order)
        ]
    }


def _order(path: str) -> tuple[str, int, str]:
    size, name = path.split("/")
    return size, int(name.removeprefix("qa").partition("_")[0]), name


def _known() -> dict[str, str]:
    lines = Path(__file__).with_name("babi.sha256").read_text().splitlines()
    return {path: sha256 for sha256, path in (line.split("  ") for line in lines)}


BABI = Source(
    name="babi",
    version="1.0.0",
    title="bAbI: questions about short stories, 20 tasks in two sizes",
    records="a file a task, size and split: up to 80",
    licence="CC BY 3.0 (Facebook)",
    homepage="https://research.facebook.com/downloads/babi/",
    citation="Weston et al. (2015), Towards AI-complete question answering: a set of "
    "prerequisite toy tasks, arXiv:1502.05698",
    size=28_107_145,
    downloads=(
        (
            "http://www.thespermwhale.com/jaseweston/babi/tasks_1-20_v1-2.tar.gz",
            "https://s3.amazonaws.com/text-datasets/babi_tasks_1-20_v1-2.tar.gz",
        ),
    ),
    folder="babi",
    stems=("babi_en", "babi_en-10k", "tasks_1-20_v1-2", "babi_tasks_1-20_v1-2"),
    members=r"(?:^|/)(en(?:-10k)?/qa\d+_[a-z-]+_(?:train|test)\.txt)$",
    features={"name": "text", "text": "text"},
    read=_read,
    known=_known(),
)
