"""The numbers a sweep's config expects, beside those its runs reached."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from lib import stats
from lib.report.collect import Run, Sweep, by_number, dig, number, whole
from lib.report.context import model_losses
from lib.report.cost import three_digits
from lib.report.gradient import fits, model_gradients
from lib.report.invariance import KINDS
from lib.report.score import model_scores, run_score

DECAYS = {"decay_before": "before", "decay_after": "after"}  # steps, of the gradient
HORIZONS = ("horizon", "reliable_horizon", "effective_context")


class Comparison(NamedTuple):
    """One expected number and the one reached, in the metric's own unit."""

    part: str
    cell: str
    metric: str
    expected: str
    reached: str
    seeds: str
    verdict: str  # reached, above, below or missing


def compare_expected(sweep: Sweep) -> list[Comparison]:
    """Every expected number of the sweep with a verdict, in the config's order."""
    return [_comparison(sweep, entry) for entry in sweep.expected]


def cell_text(cell: Any) -> str:
    """A cell of a comparison in words: its model first, then its other settings."""
    if not isinstance(cell, Mapping):
        return str(cell)
    model = [str(value) for key, value in cell.items() if key == "model"]
    rest = [f"{key} {value}" for key, value in cell.items() if key != "model"]
    return ", ".join([*model, *rest]) or "all"


def _comparison(sweep: Sweep, entry: dict[str, Any]) -> Comparison:
    part, metric = str(entry.get("part")), str(entry.get("metric"))
    cell = entry.get("cell")
    wanted = cell if isinstance(cell, Mapping) else {}
    runs = [
        run
        for run in sweep.replicates
        if run.part == part
        and all(_setting(run, key) == value for key, value in wanted.items())
    ]
    value, spread = number(entry.get("value")), number(entry.get("spread")) or 0.0
    reached, text, count = _reached(runs, metric)
    return Comparison(
        part=part,
        cell=cell_text(cell),
        metric=metric,
        expected="–" if value is None else f"{_short(value)} ± {_short(spread)}",
        reached=text,
        seeds=f"{count} of {len({run.seed for run in runs})}",
        verdict=_verdict(value, spread, reached),
    )


def _setting(run: Run, key: str) -> Any:
    return run.length if key == "length" else run.cell.get(key)


def _verdict(expected: float | None, spread: float, reached: float | None) -> str:
    if expected is None or reached is None:
        return "missing"
    # The guard forgives the rounding of sums such as 0.98 + 0.02.
    if abs(reached - expected) <= spread + 1e-9:
        return "reached"
    return "above" if reached > expected else "below"


def _reached(runs: Sequence[Run], metric: str) -> tuple[float | None, str, int]:
    """The value reached, how it is written, and over how many seeds it is."""
    if metric in HORIZONS:
        return _reached_horizon(runs, metric)
    split, _, name = metric.partition("/")
    if metric in DECAYS:
        models = model_gradients(runs)
        values = [f.length for m in models for f in fits(getattr(m, DECAYS[metric]))]
    elif split in KINDS:  # the accuracy with pictures moved so far, as shift/4
        found = (number(dig(run.result, "invariance", split, name)) for run in runs)
        values = [value for value in found if value is not None]
    elif metric == "solve_rate":
        values = [float(v >= stats.THRESHOLD) for v in _values(runs, "test", "score")]
    else:
        values = _values(runs, split, name)
    if not values:
        return None, "–", 0
    low, high = min(values), max(values)
    text = _short(fmean(values))
    if low != high:
        text += f" ({_short(low)} to {_short(high)})"
    return fmean(values), text, len(values)


def _reached_horizon(runs: Sequence[Run], metric: str) -> tuple[float | None, str, int]:
    if metric == "effective_context":
        found = [s for model in model_losses(runs) for s in model.effective.values()]
    else:
        found = [s for model in model_scores(runs) for s in model.horizons.values()]
    if not found or len({item.lengths for item in found}) > 1:
        return None, "–", 0
    middle = stats.reliable_horizon if metric.startswith("r") else stats.median_horizon
    value = middle(found)
    # A censored value has no number: below every length, or at least the longest.
    bound = value.lengths[value.position] if value.position >= 0 else 0
    return float(bound), str(value), len(found)


def _values(runs: Sequence[Run], split: str, name: str) -> list[float]:
    """One value a run: at the run's own length, or at the longest one tested."""
    found = []
    for run in runs:
        lengths = by_number(dig(run.result, "metrics", split))
        own = whole(run.cell.get("length"))
        length = own if own is not None else max(lengths, default=0)
        if name == "score":
            found.append(run_score(run, length, split))
        elif run.state == "done" and not lengths:
            # No split of the data: what a probe found, as in "forecast/free_mse".
            found.append(number(dig(run.result, split, name)))
        elif run.state == "done":
            found.append(number(dig(lengths.get(length), name)))
    return [value for value in found if value is not None]


def _short(value: float) -> str:
    """A number at three digits, small ones too; whole numbers without a fraction."""
    if abs(value) < 0.1:
        return f"{value:.3g}"
    return f"{value:g}" if value == int(value) else three_digits(value)
