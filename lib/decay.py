"""How fast a gradient's norm falls with the lag: an exponential fitted to it."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

SMALLEST = 2.0**-126  # of float32 with full precision: below it a norm has underflowed


class Decay(NamedTuple):
    """log norm = offset + rate * lag, by least squares over the first `num_lags` lags.

    `end` says what stopped the fit short of the last lag: a norm that is zero or has
    underflowed, or one that is not finite.
    """

    rate: float  # a step, in nats: below 0 the gradient vanishes, above 0 it explodes
    offset: float
    num_lags: int
    r_squared: float  # the share of the variance of log norm that the line explains
    end: Literal["", "underflow", "not finite"]

    @property
    def length(self) -> float:
        """Steps in which the norm falls to 1/e; infinite where it does not fall."""
        return -1 / self.rate if self.rate < 0 else math.inf

    def at(self, lag: float) -> float:
        """The fitted norm at a lag."""
        return math.exp(min(self.offset + self.rate * lag, 700.0))

    def __str__(self) -> str:
        if self.rate < 0:
            return f"1/e in {_short(self.length)} steps"
        if self.rate > 0:
            return f"grows, × e in {_short(1 / self.rate)} steps"
        return "does not change"


def decay(norms: Sequence[float]) -> Decay | None:
    """The fit to norms at the lags 1, 2, ...; None with fewer than two usable ones."""
    values = np.asarray(norms, np.float64)
    sound = np.isfinite(values) & (values >= SMALLEST)
    count = len(values) if sound.all() else int(np.argmin(sound))
    if count < 2:
        return None
    lag, log_norm = np.arange(1, count + 1), np.log(values[:count])
    spread = lag - lag.mean()
    rate = float(spread @ log_norm / (spread @ spread))
    offset = float(log_norm.mean() - rate * lag.mean())
    total = float(np.sum((log_norm - log_norm.mean()) ** 2))
    rest = float(np.sum((log_norm - offset - rate * lag) ** 2))
    # Equal norms leave nothing to explain, and differ from their mean by rounding.
    flat = total <= 1e-24 * count
    end = "" if count == len(values) else _end(float(values[count]))
    share = 1.0 if flat else 1 - rest / total
    return Decay(0.0 if flat else rate, offset, count, share, end)


def _end(value: float) -> Literal["underflow", "not finite"]:
    return "underflow" if math.isfinite(value) else "not finite"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
