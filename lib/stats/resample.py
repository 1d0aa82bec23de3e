"""Random draws that depend on the data alone, so that a report repeats byte for byte.

Strata are groups of replicates, one group a task with one value a seed. Neither the
order of seeds nor that of tasks changes a draw.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

Strata = Sequence[Sequence[float]]


def generator_of(*arrays: np.ndarray) -> np.random.Generator:
    """A generator seeded from the bytes of some arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update((array + 0.0).astype("<f8").tobytes())  # -0.0 becomes 0.0
    return np.random.default_rng(int.from_bytes(digest.digest()[:8], "little"))


def ordered(strata: Strata, name: str) -> list[np.ndarray]:
    """The strata in an order of their own, each sorted. Raises ValueError on none."""
    if not strata or not all(len(group) for group in strata):
        sizes = [len(group) for group in strata]
        raise ValueError(f"{name}: needs at least 1 seed a task, got {sizes}.")
    groups = sorted(sorted(float(value) + 0.0 for value in group) for group in strata)
    return [np.asarray(group, dtype=np.float64) for group in groups]


def stratified(
    generator: np.random.Generator, group: np.ndarray, resamples: int
) -> np.ndarray:
    """Resamples of one stratum with replacement, [resamples, n]."""
    return group[generator.integers(len(group), size=(resamples, len(group)))]
