"""What a model cost: counted numbers and measured times, as text."""

from collections.abc import Callable, Iterable
from statistics import median

from lib.report.collect import Run, dig, number


def counted(runs: Iterable[Run], key: str) -> str:
    """A counted cost of the runs, in its own unit; both ends where they differ."""
    values = sorted(_values(runs, "cost", key))
    if not values:
        return "–"
    ends = dict.fromkeys((f"{values[0]:,.0f}", f"{values[-1]:,.0f}"))
    return "–".join(ends)


def measured_median(runs: Iterable[Run], key: str) -> str:
    """The median over runs of a measured cost, in its own unit."""
    values = _values(runs, "measured", key)
    return three_digits(median(values)) if values else "–"


def three_digits(value: float) -> str:
    """A number at three significant digits, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def distinct(runs: Iterable[Run], read: Callable[[Run], object]) -> str:
    """The different values the runs have, sorted, as one text."""
    values = {str(read(run)) for run in runs if read(run) not in (None, "")}
    return ", ".join(sorted(values)) or "–"


def _values(runs: Iterable[Run], group: str, key: str) -> list[float]:
    found = [number(dig(run.result, group, key)) for run in runs]
    return [value for value in found if value is not None]
