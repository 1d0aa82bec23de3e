"""How well pictures are answered when they move, of a part's runs, by model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from lib.report.collect import Run, dig, number, whole

Curve = dict[int, float]  # by distance in pixels or degrees
KINDS = ("shift", "rotation")


@dataclass(frozen=True)
class LayerChange:
    """A layer's share of active units that change, by kind of move and distance."""

    name: str
    changed: dict[str, Curve]


@dataclass(frozen=True)
class ModelInvariance:
    """One model's accuracy by distance, of every seed, and its layers' changes."""

    label: str
    curves: dict[str, list[Curve]] = field(repr=False)  # by kind, a curve a seed
    layers: list[list[LayerChange]] = field(repr=False)  # by seed
    num_pictures: int

    def mean(self, kind: str) -> Curve:
        """The mean over seeds of the accuracy at every distance that all have."""
        return mean_curve(self.curves[kind])

    def changes(self) -> list[LayerChange]:
        """The mean over seeds of each layer's share of units that change."""
        return mean_layers(self.layers)


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean at each place that all curves have."""
    common = set.intersection(*map(set, curves)) if curves else set()
    return {n: fmean(curve[n] for curve in curves) for n in sorted(common)}


def mean_layers(seeds: Sequence[Sequence[LayerChange]]) -> list[LayerChange]:
    """Layer by layer the mean over seeds; none where seeds have other layers."""
    names = {tuple(layer.name for layer in layers) for layers in seeds}
    if len(names) != 1:
        return []
    return [
        LayerChange(
            layers[0].name,
            {k: mean_curve([layer.changed[k] for layer in layers]) for k in KINDS},
        )
        for layers in zip(*seeds, strict=True)
    ]


def read_curve(data: Any) -> Curve:
    """Numbers by distance, in rising order; what is none is left out."""
    if not isinstance(data, Mapping):
        return {}
    pairs = ((whole(key), number(value)) for key, value in data.items())
    return dict(sorted((k, v) for k, v in pairs if k is not None and v is not None))


def read_layers(data: Any) -> list[LayerChange]:
    """The layers of a run's record."""
    rows = data if isinstance(data, list) else []
    return [
        LayerChange(str(row.get("name")), {k: read_curve(row.get(k)) for k in KINDS})
        for row in rows
        if isinstance(row, dict)
    ]


def model_invariances(runs: Sequence[Run]) -> list[ModelInvariance]:
    """The models whose runs were shown moved pictures, in the order of the runs."""
    found: dict[str, list[Any]] = {}
    for run in runs:
        record = dig(run.result, "invariance")
        if isinstance(record, Mapping):
            found.setdefault(run.label, []).append(record)
    return [
        ModelInvariance(
            label,
            {
                kind: [c for r in records if len(c := read_curve(r.get(kind))) > 1]
                for kind in KINDS
            },
            [layers for r in records if (layers := read_layers(r.get("layers")))],
            whole(records[0].get("num_pictures")) or 0,
        )
        for label, records in found.items()
    ]
