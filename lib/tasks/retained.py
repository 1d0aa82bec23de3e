"""How much of what an example asks for a model still has: one axis for all tasks."""

import math

from lib.loss import cross_entropy, mean
from lib.types import Metric


def bits_retained(num_answers: int, num_values: int) -> Metric:
    """num_answers (log2 num_values - cross-entropy), in bits an example.

    For answers that are independent and equally likely: 0 at chance, num_answers
    log2 num_values where all is known, below 0 for one who is surely wrong.
    """
    return Metric(
        cross_entropy.accumulate,
        lambda sums: num_answers * (math.log2(num_values) - mean(sums) / math.log(2)),
        by_step=True,
    )
