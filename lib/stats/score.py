"""A value of a task's metric between its floor and its optimum, and over lengths."""

import math
from collections.abc import Mapping, Sequence


def normalised_score(value: float, floor: float, optimum: float) -> float:
    """clip((value - floor) / (optimum - floor), 0, 1): 0 is the floor, 1 the optimum.

    The optimum may lie above the floor (accuracy) or below it (loss). A value that is
    not finite scores 0.
    """
    if not (math.isfinite(floor) and math.isfinite(optimum)) or floor == optimum:
        raise ValueError(
            "score: floor and optimum must be finite and differ, "
            f"got {floor!r} and {optimum!r}."
        )
    if not math.isfinite(value):
        return 0.0
    return min(max((value - floor) / (optimum - floor), 0.0), 1.0)


def area_under_curve(
    scores: Mapping[int, float], lengths: Sequence[int]
) -> float | None:
    """The area under one seed's scores on log2(length), as a share of the full one.

    In [0, 1] for scores in [0, 1]: trapezoids between neighbouring `lengths`, over the
    octaves they span. Of a single length the score there. None where one is missing.
    """
    tested = sorted(set(lengths))
    if not tested or any(length not in scores for length in tested):
        return None
    values = [scores[length] for length in tested]
    if len(tested) == 1:
        return values[0]
    octaves = [math.log2(length) for length in tested]
    steps = [b - a for a, b in zip(octaves, octaves[1:], strict=False)]
    means = [(a + b) / 2 for a, b in zip(values, values[1:], strict=False)]
    area = math.fsum(w * h for w, h in zip(steps, means, strict=True))
    return area / math.fsum(steps)
