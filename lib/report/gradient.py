"""The gradient's way back of a part's runs: norms by lag, before and after training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from jaxtyping import Float

from lib.decay import Decay, decay
from lib.report.collect import Run, number, whole

Norms = tuple[float, ...]  # at the lags 1, 2, ...


@dataclass(frozen=True)
class ModelGradients:
    """Every seed's norms |dE_T/dh_{T-k}| by training step."""

    label: str
    seeds: dict[int, dict[int, Norms]] = field(repr=False)  # seed -> step -> norms

    @property
    def before(self) -> dict[int, Norms]:
        """Each seed's norms before its first step."""
        return {s: rows[0] for s, rows in self.seeds.items() if 0 in rows}

    @property
    def after(self) -> dict[int, Norms]:
        """Each seed's last recorded norms, where it has trained at all."""
        last = {s: max(rows) for s, rows in self.seeds.items()}
        return {s: self.seeds[s][step] for s, step in last.items() if step > 0}

    def heat(self) -> tuple[list[int], Float[np.ndarray, "S K"]]:
        """Steps, and log10 of the norms at each, their mean over seeds.

        Steps that only some seeds reached, having stopped early, are left out; a norm
        of 0 counts as the smallest that float32 has.
        """
        rows = list(self.seeds.values())
        steps = sorted(set.intersection(*map(set, rows))) if rows else []
        grids = [[row[step] for step in steps] for row in rows]
        least = min((len(n) for grid in grids for n in grid), default=0)
        values = np.array([[n[:least] for n in grid] for grid in grids], np.float64)
        with np.errstate(invalid="ignore"):
            logs = np.log10(np.maximum(values, 1e-45))
        return steps, logs.mean(axis=0) if steps else np.zeros((0, 0))


def model_gradients(runs: Sequence[Run]) -> list[ModelGradients]:
    """The models whose runs recorded norms, in the order of the runs."""
    found: dict[str, dict[int, dict[int, Norms]]] = {}
    for run in runs:
        rows = {
            whole(row.get("step")) or 0: norms
            for row in run.metrics
            if row.get("split") == "gradient" and (norms := _norms(row.get("norms")))
        }
        if rows and run.seed is not None:
            found.setdefault(run.label, {})[run.seed] = rows
    return [ModelGradients(label, seeds) for label, seeds in found.items()]


def fits(norms: dict[int, Norms]) -> list[Decay]:
    """The exponential fitted to each seed's norms."""
    found = (decay(values) for values in norms.values())
    return [fit for fit in found if fit is not None]


def decay_text(norms: dict[int, Norms]) -> str:
    """The median seed's decay in words, with the ends where seeds differ."""
    found = sorted(fits(norms), key=lambda fit: fit.rate)
    if not found:
        return "no fit"
    middle = found[(len(found) - 1) // 2]
    if len(found) == 1 or found[0].rate >= 0:
        return str(middle)
    slowest = f"{found[-1].length:.3g}" if found[-1].rate < 0 else "growing"
    return f"{middle} ({found[0].length:.3g} to {slowest})"


def median_at(norms: dict[int, Norms], lag: int) -> float | None:
    """The median over seeds of the norm at a lag; None where no seed has it."""
    values = [v[lag - 1] for v in norms.values() if lag <= len(v)]
    return median(values) if values else None


def _norms(value: object) -> Norms:
    """Numbers as far as the first that is none; a list of anything else is empty."""
    found: list[float] = []
    for item in value if isinstance(value, list) else []:
        norm = number(item)
        if norm is None:
            break
        found.append(norm)
    return tuple(found)
