"""What classifiers of pictures reached, and the pictures that a run was shown with.

A picture in a result is somebody else's data: one that does not decode is left out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from lib.picture import decode_png
from lib.report.classification import ModelAnswers
from lib.report.collect import Run, by_number, dig, num_targets, number, whole

KINDS = ("right", "wrong")
_READ = {"permuted": "pixels in another order"}


class Example(NamedTuple):
    """One picture: a PNG in base64, its class, and the likeliest answers to it."""

    picture: str
    height: int
    width: int
    target: str
    answers: tuple[tuple[str, float], ...]


def examples_of(model: ModelAnswers) -> dict[str, list[Example]]:
    """The pictures answered right and wrong by the first run that shows any."""
    for run in model.runs:
        entries = {kind: dig(run.result, "examples", kind) for kind in KINDS}
        found = {
            kind: [e for e in map(_example, listed) if e is not None]
            for kind, listed in entries.items()
            if isinstance(listed, list)
        }
        if any(found.values()):
            return found
    return {}


def flops_a_picture(run: Run) -> float | None:
    """Counted for one picture: a sequence has as many steps as it was trained on."""
    flops = number(dig(run.result, "cost", "flops_per_token"))
    steps = 1 if kind_of([run]) == "pictures" else run.length
    return None if flops is None or steps is None else flops * steps


def kind_of(runs: Sequence[Run]) -> str:
    """How the pictures are read: as pictures, or as rows, pixels, permuted pixels."""
    kinds = (dig(run.result, "task", "facts", "kind") for run in runs)
    return next((str(kind) for kind in kinds if kind), "pictures")


def pictures_tested(model: ModelAnswers) -> int:
    """How many pictures a run of the model was tested on; 0: unknown."""
    for run in model.runs:
        for metrics in by_number(dig(run.result, "metrics", "test")).values():
            if count := num_targets(metrics):
                return count
    return 0


def sizes_text(runs: Sequence[Run]) -> str:
    """How many pictures there are and of what side, in a sentence."""
    for run in runs:
        facts = dig(run.result, "task", "facts")
        counts, side = dig(facts, "num_pictures"), whole(dig(facts, "side"))
        if isinstance(counts, dict) and side is not None:
            listed = ", ".join(
                f"{n:,} {split}" for split, n in counts.items() if whole(n) is not None
            )
            read = kind_of(runs)
            what = _READ.get(read, read)
            steps = f", read as {what} in {run.length:,} steps" if run.length else ""
            how = "" if read == "pictures" else steps
            return f"Pictures of {side} x {side} pixels: {listed}{how}."
    return ""


def _example(entry: Any) -> Example | None:
    picture, target = dig(entry, "picture"), dig(entry, "target")
    listed = dig(entry, "answers")
    try:
        shape = decode_png(picture).shape
        answers = tuple((str(name), _chance(chance)) for name, chance in listed)
    except (TypeError, ValueError):
        return None
    return Example(str(picture), shape[0], shape[1], str(target), answers)


def _chance(value: Any) -> float:
    found = number(value)
    if found is None or not 0 <= found <= 1:
        raise ValueError(f"no probability: {value!r}")
    return found
