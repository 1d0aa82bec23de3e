"""Statistics of a comparison: scores, horizons, rates, aggregates, tests, intervals.

Seeds are the replicates; every interval is over seeds.
"""

from lib.stats.aggregate import expected_best_of, interquartile_mean, iqm_interval
from lib.stats.comparison import (
    FEW_SEEDS,
    Comparison,
    Verdict,
    compare,
    holm,
    improvement_interval,
    probability_of_improvement,
    verdict,
)
from lib.stats.horizon import (
    NEAR_FULL,
    RELIABLE,
    THRESHOLD,
    Horizon,
    HorizonInterval,
    effective_context,
    horizon,
    median_horizon,
    median_horizon_interval,
    reliable_horizon,
)
from lib.stats.interval import (
    LEVEL,
    MIN_SEEDS,
    Interval,
    mean_interval,
    simultaneous_band,
    wilson_interval,
)
from lib.stats.paired import (
    mean_difference,
    paired_interval,
    sign_flip_p,
    smallest_p,
)
from lib.stats.score import area_under_curve, normalised_score
from lib.stats.working import WorkingRange, working_range

__all__ = [
    "FEW_SEEDS",
    "LEVEL",
    "MIN_SEEDS",
    "NEAR_FULL",
    "RELIABLE",
    "THRESHOLD",
    "Comparison",
    "Horizon",
    "HorizonInterval",
    "Interval",
    "Verdict",
    "WorkingRange",
    "area_under_curve",
    "compare",
    "effective_context",
    "expected_best_of",
    "holm",
    "horizon",
    "improvement_interval",
    "interquartile_mean",
    "iqm_interval",
    "mean_difference",
    "mean_interval",
    "median_horizon",
    "median_horizon_interval",
    "normalised_score",
    "paired_interval",
    "probability_of_improvement",
    "reliable_horizon",
    "sign_flip_p",
    "simultaneous_band",
    "smallest_p",
    "verdict",
    "wilson_interval",
    "working_range",
]
