"""What runs said of pictures, by compared model: marks, likeness, and examples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
from jaxtyping import UInt8

from lib.picture import decode_png
from lib.report.collect import Run, by_label, by_number, dig, number, whole

PARTS = ("size", "colour", "kind", "relation", "place")


@dataclass(frozen=True)
class Example:
    """A picture, what was said of it, and what is wrong about that."""

    is_right: bool
    said: str
    reference: str
    faults: tuple[str, ...]
    log_probability: float
    picture: UInt8[np.ndarray, "h w 3"] = field(repr=False)


@dataclass(frozen=True)
class Captioner:
    """One compared model: what every seed reached, and examples of the first seed."""

    label: str
    planned: int  # seeds
    longest: int | None  # words of the longest caption of its task
    floor: float | None  # meaning of the best blind caption
    blind: str  # that caption
    runs: tuple[Run, ...] = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)
    learned: tuple[Example, ...] = field(repr=False)  # of the training pictures

    @property
    def done(self) -> list[Run]:
        return [run for run in self.runs if run.state == "done"]

    def values(self, *keys: str) -> list[float]:
        """A number of the captions' results, of each seed that has it."""
        found = (number(dig(run.result, "captions", *keys)) for run in self.done)
        return [value for value in found if value is not None]

    def by_shapes(self) -> dict[int, list[float]]:
        """The meaning score of each seed by number of shapes."""
        rows: dict[int, list[float]] = {}
        for run in self.done:
            for n, row in by_number(dig(run.result, "captions", "by_shapes")).items():
                if (value := number(dig(row, "meaning"))) is not None:
                    rows.setdefault(n, []).append(value)
        return dict(sorted(rows.items()))


def captioners(runs: Iterable[Run]) -> list[Captioner]:
    """The compared models of one part, in the sweep's order."""
    return [_captioner(label, members) for label, members in by_label(runs).items()]


def best(models: Sequence[Captioner], *keys: str) -> Captioner | None:
    """The model with examples that has the highest mean of a number."""
    shown = [m for m in models if m.examples and m.values(*keys)]
    return max(shown, key=lambda m: fmean(m.values(*keys)), default=None)


def _captioner(label: str, runs: Sequence[Run]) -> Captioner:
    done = sorted((r for r in runs if r.state == "done"), key=lambda run: run.seed or 0)
    floors = [number(dig(r.result, "captions", "floor", "meaning")) for r in done]
    blind = [dig(r.result, "captions", "floor", "caption") for r in done]
    longest = [whole(dig(r.result, "task", "facts", "longest_caption")) for r in done]
    examples = [e for run in done if (e := _examples(run))]
    learned = [e for run in done if (e := _examples(run, "train"))]
    return Captioner(
        label=label,
        planned=len({run.seed for run in runs}),
        longest=next((n for n in longest if n is not None), None),
        floor=next((v for v in floors if v is not None), None),
        blind=next((b for b in blind if isinstance(b, str)), ""),
        runs=tuple(runs),
        examples=tuple(examples[0]) if examples else (),
        learned=tuple(learned[0]) if learned else (),
    )


def _examples(run: Run, *split: str) -> list[Example]:
    entries = dig(run.result, "captions", *split, "shown")
    read = map(_example, entries if isinstance(entries, list) else [])
    return [example for example in read if example is not None]


def _example(entry: Any) -> Example | None:
    """One as it was stored; None for anything else: a result is untrusted data."""
    said, reference = dig(entry, "said"), dig(entry, "reference")
    faults = dig(entry, "faults")
    log_p = number(dig(entry, "log_probability"))
    if not isinstance(said, str) or not isinstance(reference, str) or log_p is None:
        return None
    try:
        picture = decode_png(dig(entry, "picture"))
    except ValueError:
        return None
    if picture.ndim != 3:
        return None
    known = (
        [f for f in faults if isinstance(f, str)] if isinstance(faults, list) else []
    )
    is_right = dig(entry, "right") is True
    return Example(is_right, said, reference, tuple(known), log_p, picture)
