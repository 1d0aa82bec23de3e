"""The class of a text or picture by a trained classifier, with probabilities.

    python -m experiments.classify --run=ID --text=TEXT [--store=results]
    python -m experiments.classify --run=ID --file=FILE [--encoding=latin-1]
        [--evidence=FILE.html | --evidence=FILE.png]
    python -m experiments.classify --run=ID --picture=FILE [--max_megapixels=100]

The likeliest class comes first. A text is read as it stands, addresses and telephone
numbers masked, up to as many words as the run was tested on. --evidence draws what each
word did to the answer. How much of the text was read and known goes to standard error.

A picture (PNG, JPEG, ...) is made grey and turned over where its edge is bright, for
runs that learned from grey ones, set into a square and scaled to the side of the task.
What was done to it goes to standard error.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags

from experiments.own import define_own_flags, load_own
from experiments.program import plain, run
from lib.error import UserError

OWN = define_own_flags()
RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
TEXT = flags.DEFINE_string("text", None, "The text.")
FILE = flags.DEFINE_string("file", None, "A file that holds the text.")
PICTURE = flags.DEFINE_string("picture", None, "A file that holds a picture.")
MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels", 100.0, "Larger pictures are refused before they are decoded."
)
ENCODING = flags.DEFINE_string("encoding", "utf-8", "How the file is encoded.")
EVIDENCE = flags.DEFINE_string(
    "evidence", None, "Where to draw what each word did: a name in .html or .png."
)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_DRAWN = (".html", ".png")
_READ = {"classification": "texts", "images": "pictures"}  # by system


def main(_: Sequence[str]) -> int:
    given = [f for f in (TEXT, FILE, PICTURE) if f.value is not None]
    if len(given) != 1:
        raise UserError("give either --text or --file, or --picture")
    if PICTURE.value is not None:
        return _classify_picture(PICTURE.value)
    load_own(OWN)
    evidence = _evidence_path()
    text = _read_text()
    from lib.evidence import evidence_entry

    loaded = _load("classification", "give --picture")
    task = loaded.task
    answer = loaded.classify(text)
    _say_how_read(answer.reading, task.facts["unit"], len(task.symbols))
    _print_classes(task.classes, answer.probabilities)
    if evidence is not None:
        unit, model = task.facts["unit"], loaded.config.model["name"]
        entry = evidence_entry(answer.reading, answer.course, task.classes, unit)
        _draw(evidence, entry, model)
    return 0


def _classify_picture(path: str) -> int:
    if EVIDENCE.value is not None:
        raise UserError(
            "--evidence is what each word of a text did; a picture has none"
        )
    from lib.picture import read_picture

    picture = read_picture(path, max_megapixels=MAX_MEGAPIXELS.value)
    loaded = _load("images", "give --text or --file")
    from jax.nn import softmax

    from lib.data.picture_input import as_inputs, fit

    task, facts = loaded.task, loaded.task.facts
    fitted = fit(picture, facts["side"], facts["channels"])
    size = "{1} x {0}".format(*picture.shape)
    how = ", ".join((f"read {size} pixels", *fitted.steps))
    print(how, file=sys.stderr)
    outputs = loaded.apply(as_inputs(fitted.picture, facts, task.max_length))
    _print_classes(task.classes, softmax(outputs[0, -1]))
    return 0


def _load(system: str, otherwise: str) -> Any:
    """The run, a classifier of what was given; UserError where it learned another."""
    from lib import load_run

    loaded = load_run(Path(STORE.value), RUN.value)
    task, name = loaded.task, loaded.config.task["name"]
    who = f"--run: {RUN.value} learned {name}, which"
    if task.system not in _READ or not task.classes:
        raise UserError(f"{who} has no classes of texts or pictures")
    if task.system != system:
        raise UserError(f"{who} reads {_READ[task.system]}: {otherwise}")
    return loaded


def _print_classes(classes: Sequence[str], probabilities: Any) -> None:
    """A line a class, the likeliest first."""
    width = max(map(len, classes))
    for place in (-probabilities).argsort(stable=True).tolist():
        print(f"{plain(classes[place]).ljust(width)}  {probabilities[place]:.4f}")


def _read_text() -> str:
    from lib.data.encoding import read_text

    if TEXT.value is not None:
        text, name = TEXT.value, "--text"
    else:
        path = Path(str(FILE.value)).expanduser()
        text, name = read_text(path, ENCODING.value), f"--file={path}"
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
