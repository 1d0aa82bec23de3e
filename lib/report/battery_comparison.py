"""Which models of a battery differ: paired by seed, Holm over the family of pairs."""

import functools
from collections.abc import Sequence
from itertools import combinations

from lib import stats
from lib.report.battery import Battery, paired_strata
from lib.report.battery_table import task_columns
from lib.report.table import Cell, Table

ALPHA = 1 - stats.LEVEL
MOST_SEEDS = 64  # beyond it no advice on how many seeds would do
_compared = functools.lru_cache(4096)(stats.compare)  # page, table and text ask for it


def comparison_table(battery: Battery) -> Table:
    """One row a pair of models, over all tasks that both have; Holm over the pairs."""
    pairs, found = [], []
    for first, second in combinations(battery.labels, 2):
        xs, ys = paired_strata(battery.tasks, first, second)
        if xs:
            pairs.append((first, second, len(xs)))
            found.append(_compared(*(tuple(map(tuple, strata)) for strata in (xs, ys))))
    adjusted = stats.holm([item.p_value for item in found])
    rows = []
    for (first, second, tasks), item, p in zip(pairs, found, adjusted, strict=True):
        said = stats.verdict(item.difference, item.seeds, p)
        enough = item.seeds >= stats.MIN_SEEDS
        rows.append(
            (
                Cell(f"{first} against {second}"),
                Cell(signed(item.difference), _span(item.difference_interval, enough)),
                Cell(
                    f"{item.improvement:.2f}",
                    _span(item.improvement_interval, enough),
                ),
                Cell(p_text(p)),
                Cell(said, "", "" if said == "cannot tell" else "short"),
                Cell(f"{item.pairs} in {tasks} tasks"),
            )
        )
    note = (
        f"Verdict on the first model, on these tasks and within this budget, at "
        f"{ALPHA:.2g} for all {len(rows)} comparisons together (Holm); with "
        f'{stats.FEW_SEEDS} seeds or fewer it is always "cannot tell". Difference: of '
        "the scores of the same seeds, mean over tasks [95 % BCa bootstrap interval]. "
        "Improvement: the probability that a run of the first scores above one of the "
        "second, ties half [95 % stratified percentile bootstrap interval]. p: of the "
        "two-sided sign-flip test, adjusted: it asks for a lead of one sign over the "
        "tasks, and does not part models of which each is better at some of them. "
        "Intervals are of one comparison each, with the tasks as given, and decide "
        "nothing."
    )
    columns = ("comparison", "difference", "improvement", "p (Holm)", "verdict")
    columns += ("pairs of runs",)
    return Table("Which models differ", columns, rows, note)


def task_comparison_table(battery: Battery) -> Table:
    """Pairs of models x tasks: the paired difference and a verdict, Holm over all."""
    places, differences = [], []
    for first, second in combinations(battery.labels, 2):
        for task in battery.tasks:
            (x, y) = paired_strata([task], first, second)
            if x:
                pairs = zip(x[0], y[0], strict=True)
                places.append((first, second, task.name))
                differences.append([a - b for a, b in pairs])
    adjusted = stats.holm([stats.sign_flip_p([d]) for d in differences])
    cells = {}
    for place, values, p in zip(places, differences, adjusted, strict=True):
        mean = stats.mean_difference([values])
        cells[place] = Cell(signed(mean), stats.verdict(mean, len(values), p))
    rows = [
        (
            Cell(f"{first} against {second}"),
            *(cells.get((first, second, t.name), Cell("–")) for t in battery.tasks),
        )
        for first, second in combinations(battery.labels, 2)
    ]
    note = (
        f"Mean difference of the scores of the same seeds, and the verdict at "
        f"{ALPHA:.2g} for all {len(places)} comparisons together (sign-flip test, "
        f"Holm). {_reach(differences)}"
    )
    return Table("Which models differ, task by task", task_columns(battery), rows, note)


def signed(value: float) -> str:
    """A difference with its sign, as +0.31 or −0.02."""
    return f"{value:+.3f}".replace("-", "−")


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _span(interval: stats.Interval, enough: bool) -> str:
    low, high = interval
    return f"[{low:.2f}, {high:.2f}]".replace("-", "−") if enough else ""


def _reach(differences: Sequence[Sequence[float]]) -> str:
    """Whether so many comparisons of so few seeds could have decided anything."""
    most = max(map(len, differences), default=0)
    least = min(1.0, len(differences) * stats.smallest_p(most))
    if not differences or least <= ALPHA:
        return ""
    needed = most
    while len(differences) * stats.smallest_p(needed) > ALPHA and needed < MOST_SEEDS:
        needed += 1
    if needed == MOST_SEEDS:
        return "So many comparisons decide nothing: compare fewer models or tasks."
    return (
        f"With {most} seeds a task no difference could be significant here: even seeds "
        f"that all agree reach p = {p_text(least)}. {needed} seeds could."
    )
