"""The tables of a report: what each model reached, and what it cost."""

from collections.abc import Sequence
from math import isfinite
from statistics import fmean

from lib import stats
from lib.report.collect import Run, Sweep, dig, number
from lib.report.context import ModelLosses
from lib.report.cost import counted, distinct, measured_median
from lib.report.expected import compare_expected
from lib.report.knob import LENGTH, knob_name, unit_text
from lib.report.language import unit_of
from lib.report.reference import references
from lib.report.score import ModelScores, knob_of_models, lengths_of
from lib.report.table import Cell, Table

COSTS = ("parameters", "state size (numbers)", "FLOPs a token", "seconds a run")
# What a task says of itself at a length: its row's name, its key and how it is written.
ENDS = {
    "floor": ("floor", ".3f"),
    "optimum": ("optimum", ".3f"),
    "bits to keep": ("information", ",.1f"),
}
COST_KEYS = ("parameters", "state_size", "flops_per_token")


def score_table(models: Sequence[ModelScores]) -> Table:
    """One row a model: how far it remembers, how often, and at what cost."""
    longest = max(lengths_of(models), default=0)
    knob = knob_of_models(models)
    unit, axis = unit_text(knob), knob_name(knob)
    is_length = knob == LENGTH
    largest, smaller = ("longest", "shorter") if is_length else ("largest", "smaller")
    columns = ("model", f"horizon ({unit})", f"reliable ({unit})")
    columns += (f"solved at {longest}", *COSTS, "seeds")
    rows = []
    for model in models:
        horizons = list(model.horizons.values())
        # A run that is tested at other lengths than its own is trained once for all.
        last = [r for r in model.runs if r.place == longest or model.trained]
        scored = len(model.at(longest))
        rows.append(
            (
                Cell(model.label),
                horizon_cell(horizons),
                Cell(str(stats.reliable_horizon(horizons)) if horizons else "–"),
                rate_cell(model.solved(longest), scored),
                *(Cell(counted(model.runs, key)) for key in COST_KEYS),
                Cell(measured_median(last, "train_seconds")),
                seeds_cell(len(horizons), len(model.seeds)),
            )
        )
    trained = "seeds" + ("" if any(m.trained for m in models) else f" at {longest}")
    solved, share = f"{stats.THRESHOLD:g}", f"{100 * stats.RELIABLE:.0f} %"
    note = (
        f"Horizon: the {largest} {axis} with a test score of at least {solved} at it "
        f"and at every {smaller} one, median over seeds [95 % bootstrap interval, from "
        f"{stats.MIN_SEEDS} seeds up]. "
        f"Reliable: the {largest} that {share} of seeds reach. Solved: seeds with a "
        f"score of at least {solved} at {axis} {longest} [95 % Wilson interval]. "
        f"Seconds: training of one run, median over {trained}. Seeds: those whose runs "
        "decide a horizon, of those planned; diverged and failed runs score 0."
    )
    return Table("How far each model remembers", columns, rows, note)


def solved_table(models: Sequence[ModelScores]) -> Table:
    """Solved seeds by model and length, with the task's own metric beside them."""
    lengths, knob = lengths_of(models), knob_of_models(models)
    rows = []
    for model in models:
        cells = []
        for length in lengths:
            count, solved = len(model.at(length)), model.solved(length)
            values = model.raw_at(length)
            raw = f"{fmean(values):.3f}" if values else ""
            tint = f"rate{round(4 * solved / count)}" if count else ""
            cells.append(Cell(f"{solved}/{count}" if count else "–", raw, tint))
        rows.append((Cell(model.label), *cells))
    runs = [run for model in models for run in model.runs]
    metric = distinct(runs, lambda run: dig(run.result, "task", "score_metric"))
    rows += _rows_of_the_task(runs, lengths, knob)
    for line in references(models):
        worth = (f"{line.raw[t]:.3f}" if t in line.raw else "–" for t in lengths)
        name = f"{line.name} ({line.text})"
        rows.append((Cell(name), *(Cell("", value) for value in worth)))
    note = (
        f"Seeds that reach a score of {stats.THRESHOLD:g}, of the seeds that ended; "
        f"beside them the mean test {metric} of the runs that did not diverge."
    )
    if any(row[0].text == "bits to keep" for row in rows):
        note += " Bits to keep: what an example asks a memory to hold."
    axis = knob_name(knob)
    columns = ("model", *(f"{axis} {length}" for length in lengths))
    return Table(f"Solved seeds by {axis}", columns, rows, note)


def _rows_of_the_task(
    runs: Sequence[Run], places: Sequence[int], knob: str
) -> list[tuple[Cell, ...]]:
    """What a task itself says at each place of the axis: floor, optimum, bits."""
    rows = []
    for name, (key, form) in ENDS.items():
        known = {}
        for run in runs:
            for place in places if knob == LENGTH else [run.place]:
                length = place if knob == LENGTH else run.length
                value = number(dig(run.result, "task", key, str(length)))
                if value is not None:
                    known[place] = format(value, form)
        if known or key != "information":
            rows.append((Cell(name), *(Cell("", known.get(t, "–")) for t in places)))
    return rows


def loss_table(models: Sequence[ModelLosses]) -> Table:
    """One row a model: its loss, how much context it uses, and its cost."""
    unit = unit_of(run for model in models for run in model.runs)
    columns = ("model", "validation loss", "test loss", f"test {unit.measure}")
    rows = []
    for model in models:
        effective = list(model.effective.values())
        ended = len(model.losses["validation"])
        test = [unit.of_nats(loss) for loss in model.losses["test"].values()]
        rows.append(
            (
                Cell(model.label),
                mean_cell(list(model.losses["validation"].values())),
                mean_cell(list(model.losses["test"].values())),
                mean_cell(test, unit.digits),
                horizon_cell(effective),
                *(Cell(counted(model.runs, key)) for key in COST_KEYS),
                Cell(measured_median(model.runs, "train_seconds")),
                seeds_cell(ended, len(model.seeds)),
            )
        )
    note = (
        f"Losses in nats a {unit.name}, mean over seeds [95 % "
        f"bootstrap interval, from {stats.MIN_SEEDS} seeds up]. Effective context: the "
        f"fewest last {unit.name}s with which "
        f"the loss is within {stats.NEAR_FULL:g} nats of the longest context's, "
        "median over seeds [interval]. Validation chose the learning rate; the test "
        "split chose nothing. Seconds: training of one run, median over seeds."
    )
    columns += ("effective context", *COSTS, "seeds")
    return Table("Loss and context used", columns, rows, note)


def expected_table(sweep: Sweep) -> Table:
    """Expected beside reached, with a verdict."""
    rows = [
        (
            Cell(item.part),
            *map(Cell, item[1:6]),
            Cell(item.verdict, "", f"verdict-{item.verdict}"),
        )
        for item in compare_expected(sweep)
    ]
    columns = ("part", "cell", "metric", "expected", "reached", "seeds", "verdict")
    note = (
        "Expected: value ± spread, as the config states them. Reached: mean over seeds "
        "(smallest to largest); horizons are medians."
    )
    prose = frozenset({1, 2, 6})
    return Table("Expected and reached", columns, rows, note, prose)


def horizon_cell(horizons: Sequence[stats.Horizon]) -> Cell:
    if not horizons:
        return Cell("–")
    middle = str(stats.median_horizon(horizons))
    if len(horizons) < stats.MIN_SEEDS:
        return Cell(middle)
    low, high = stats.median_horizon_interval(horizons)
    return Cell(middle, f"[{low}, {high}]")


def mean_cell(values: Sequence[float], digits: int = 3) -> Cell:
    if not values:
        return Cell("–")
    if len(values) < stats.MIN_SEEDS or not all(map(isfinite, values)):
        return Cell(f"{fmean(values):.{digits}f}")
    low, high = stats.mean_interval(values)
    return Cell(f"{fmean(values):.{digits}f}", f"[{low:.{digits}f}, {high:.{digits}f}]")


def rate_cell(solved: int, total: int) -> Cell:
    if not total:
        return Cell("–")
    low, high = stats.wilson_interval(solved, total)
    return Cell(f"{solved}/{total}", f"[{low:.2f}, {high:.2f}]")


def seeds_cell(ended: int, planned: int) -> Cell:
    short = "short" if ended < planned else ""
    return Cell(f"{ended} of {planned}", "", short)
