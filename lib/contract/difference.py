"""Where two outputs differ, and inputs that differ everywhere."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lib.contract.model import Case

CLOSE = 1e-4  # relative: float32 sums in another order, over several layers


def others(case: "Case", inputs: np.ndarray) -> np.ndarray:
    """Inputs that differ everywhere."""
    size = case.interface.vocabulary_size
    return (inputs + 1) % size if size else -inputs - 1


def first_difference(one: Any, other: Any) -> tuple[int, float] | None:
    """The first step at which outputs [B, T, V] differ, and by how much."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    gap = np.abs(one - other).max(axis=(0, 2))
    places = np.argwhere(~(gap <= CLOSE * max(1.0, np.abs(other).max())))
    return (int(places[0, 0]), float(gap[places[0, 0]])) if len(places) else None
