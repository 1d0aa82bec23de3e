"""What stands behind a curve of scores: its band, and the lengths of training."""

from math import log2, nan
from typing import TYPE_CHECKING

from lib import stats
from lib.report import figure as base
from lib.report.score import ModelScores
from lib.report.score_key import BEYOND

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bands_of(model: ModelScores) -> list[stats.Interval]:
    """The interval of the mean at each length.

    Where a run is tested at all lengths its scores are one curve, and the band holds
    the whole curve of means at once; trained anew at each, one length at a time.
    """
    values = [model.at(length) for length in model.lengths]
    counts = {len(v) for v in values}
    if (
        model.trained
        and counts == {len(model.seeds)}
        and min(counts) >= stats.MIN_SEEDS
    ):
        band = stats.simultaneous_band(list(zip(*values, strict=True)))
        # No score lies outside 0 and 1.
        return [stats.Interval(max(low, 0.0), min(high, 1.0)) for low, high in band]
    # A length with too few seeds leaves a gap, in the band as in every line.
    gap = stats.Interval(nan, nan)
    return [
        stats.mean_interval(v) if len(v) >= stats.MIN_SEEDS else gap for v in values
    ]


def mark_training(axes: "Axes", shortest: int, longest: int) -> None:
    """A bar under the lengths trained on; what lies beyond them is shaded."""
    start, end = axes.get_xlim()
    low, high = log2(shortest), log2(longest)
    axes.axvspan(high, end, color=BEYOND, linewidth=0, zorder=0)
    axes.axvline(high, color=base.GREY, linewidth=0.8)
    # One length is a dash, a range reaches from end to end.
    ends = [max(low, start), high] if low < high else [high - 0.12, high + 0.12]
    axes.plot(ends, [-0.1] * 2, color=base.INK, linewidth=3, solid_capstyle="butt")
