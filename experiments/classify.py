"""The class of a text by a trained classifier, with probabilities, likeliest first.

    python -m experiments.classify --run=ID --text=TEXT [--store=results]
    python -m experiments.classify --run=ID --file=FILE [--encoding=latin-1]
        [--evidence=FILE.html | --evidence=FILE.png]

The text is read as it stands, addresses and telephone numbers masked, up to as many
words as the run was tested on. --evidence draws what each word did to the answer. How
much of the text was read and known goes to standard error.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.program import plain, run
from lib.error import UserError

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
TEXT = flags.DEFINE_string("text", None, "The text.")
FILE = flags.DEFINE_string("file", None, "A file that holds the text.")
ENCODING = flags.DEFINE_string("encoding", "utf-8", "How the file is encoded.")
EVIDENCE = flags.DEFINE_string(
    "evidence", None, "Where to draw what each word did: a name in .html or .png."
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_DRAWN = (".html", ".png")


def main(_: Sequence[str]) -> int:
    evidence = _evidence_path()
    text = _read_text()
    from lib import load_run
    from lib.evidence import evidence_entry

    loaded = load_run(Path(STORE.value), RUN.value)
    task = loaded.task
    if not task.classes:
        name = loaded.config.task["name"]
        raise UserError(f"--run: {RUN.value} learned {name}, which has no classes")
    answer = loaded.classify(text)
    _say_how_read(answer.reading, task.facts["unit"], len(task.symbols))
    order = (-answer.probabilities).argsort(kind="stable").tolist()
    width = max(map(len, task.classes))
    for place in order:
        name = plain(task.classes[place]).ljust(width)
        print(f"{name}  {answer.probabilities[place]:.4f}")
    if evidence is not None:
        unit, model = task.facts["unit"], loaded.config.model["name"]
        entry = evidence_entry(answer.reading, answer.course, task.classes, unit)
        _draw(evidence, entry, model)
    return 0


def _read_text() -> str:
    from lib.data.encoding import read_text

    text, file = TEXT.value, FILE.value
    if text is not None and file is None:
        name = "--text"
    elif file is not None and text is None:
        path = Path(file).expanduser()
        text, name = read_text(path, ENCODING.value), f"--file={path}"
    else:
        raise UserError("give either --text or --file")
    if not text.strip():
        raise UserError(f"{name} is empty")
    return text


def _evidence_path() -> Path | None:
    if EVIDENCE.value is None:
        return None
    path = Path(EVIDENCE.value).expanduser()
    if path.suffix not in _DRAWN:
        raise UserError(f"--evidence must end in .html or .png, got {EVIDENCE.value!r}")
    if not path.parent.is_dir():
        raise UserError(f"--evidence: there is no folder {path.parent}")
    return path


def _say_how_read(reading: Any, unit: str, vocabulary_size: int) -> None:
    """Say what was read; UserError where a model would answer to nothing it knows."""
    read, unknown = len(reading.pieces), reading.num_unknown
    if not read or unknown == read:
        raise UserError(
            f"none of the text's {read} {unit}s is among the {vocabulary_size:,} that "
            "the run knows"
        )
    cut = (
        f"the first {read:,} of {reading.size:,}"
        if reading.size > read
        else f"{read:,}"
    )
    print(f"read {cut} {unit}s, {unknown:,} of them unknown", file=sys.stderr)


def _draw(path: Path, entry: dict[str, Any], model: str) -> None:
    from lib.report.evidence_page import evidence_page, save_evidence

    title = f"What each word did to {plain(model)} {RUN.value}"
    try:
        if path.suffix == ".html":
            path.write_text(evidence_page(title, entry), encoding="utf-8")
        else:
            save_evidence(path, title, entry)
    except OSError as error:
        raise UserError(f"--evidence={path}: {error.strerror}") from error
    print(path, file=sys.stderr)


if __name__ == "__main__":
    run(main)
