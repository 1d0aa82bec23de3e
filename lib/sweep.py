"""Sweeps: axes over a config, each with a role, expanded into cells and runs.

    product(
        compare("model", {"lstm": {"name": "lstm"}, "gru": {"name": "gru"}}),
        compare("task.length", (16, 32, 64)),
        tune("optimizer.learning_rate", (3e-3, 1e-2), seeds=(1000,)),
        replicate(range(5)),
    )

*compare* axes span the cells that a report shows, *tune* is chosen per cell by
validation alone, on seeds of its own, and *replicate* is what intervals are over.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lib.error import UserError

Role = Literal["compare", "tune", "replicate"]


class Axis(NamedTuple):
    """Values for one entry of a config; a table is merged into its section.

    `points` are (label, overrides) pairs, overrides by dotted key.
    """

    role: Role
    name: str
    points: tuple[tuple[Any, Mapping[str, Any]], ...]
    seeds: tuple[int, ...] = ()


class Cell(NamedTuple):
    """One point of a comparison: a config, and how it is tuned and replicated."""

    part: str
    labels: dict[str, Any]
    config: dict[str, Any]
    tune: dict[str, Any] | None  # {"key", "values", "seeds"}
    seeds: tuple[int, ...]

    def tune_configs(self) -> list[dict[str, Any]]:
        """The runs of the first stage: every value with every tuning seed."""
        if self.tune is None:
            return []
        return [
            override(self.config, {self.tune["key"]: value, "seed": seed})
            for value in self.tune["values"]
            for seed in self.tune["seeds"]
        ]

    def replicate_configs(self, chosen: Any = None) -> list[dict[str, Any]]:
        """The reported runs: the chosen value with every seed."""
        choice = {} if self.tune is None else {self.tune["key"]: chosen}
        return [override(self.config, {**choice, "seed": s}) for s in self.seeds]


def compare(
    key: str, values: Mapping[str, Any] | Sequence[Any], name: str = ""
) -> Axis:
    """An axis that the report shows; a mapping gives each value its label."""
    pairs = values.items() if isinstance(values, Mapping) else [(v, v) for v in values]
    points = tuple((label, {key: value}) for label, value in pairs)
    return _axis("compare", name or key.split(".")[-1], points)


def tune(key: str, values: Sequence[Any], seeds: Sequence[int]) -> Axis:
    """An axis whose value is chosen per cell, by mean validation over these seeds."""
    if not seeds:
        raise UserError(f"tune({key!r}): needs at least one seed of its own")
    if key.count(".") != 1:
        raise UserError(f"tune({key!r}): the key must be of the form section.name")
    if not all(isinstance(value, (bool, int, float, str)) for value in values):
        raise UserError(f"tune({key!r}): values must be numbers or strings")
    points = tuple((value, {key: value}) for value in values)
    return _axis("tune", key, points)._replace(seeds=tuple(seeds))


def replicate(seeds: Iterable[int]) -> Axis:
    """The seeds that are reported."""
    return _axis("replicate", "seed", tuple((seed, {"seed": seed}) for seed in seeds))


def zipped(*axes: Axis) -> Axis:
    """Several axes of one role that move together; labels come from the first."""
    if len({len(axis.points) for axis in axes}) != 1:
        sizes = ", ".join(f"{axis.name}: {len(axis.points)}" for axis in axes)
        raise UserError(f"zipped axes must have equal lengths, got {sizes}")
    points = tuple(
        (rows[0][0], {k: v for _, overrides in rows for k, v in overrides.items()})
        for rows in zip(*(axis.points for axis in axes), strict=True)
    )
    return axes[0]._replace(points=points)


def product(*axes: Axis) -> tuple[Axis, ...]:
    """Every combination of the axes' values."""
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise UserError(f"sweep: an axis is given twice, got {', '.join(names)}")
    for role in ("tune", "replicate"):
        if sum(axis.role == role for axis in axes) > 1:
            raise UserError(f"sweep: at most one {role} axis, got {', '.join(names)}")
    return axes


def chain(*axes: Axis) -> Axis:
    """The values of several axes over the same key, one after another."""
    return axes[0]._replace(points=tuple(p for axis in axes for p in axis.points))


def expand(part: str, config: Mapping[str, Any], axes: Sequence[Axis]) -> list[Cell]:
    """The cells of one part of a sweep, in the order of its axes."""
    tuned = next((axis for axis in axes if axis.role == "tune"), None)
    seeds = next((axis for axis in axes if axis.role == "replicate"), None)
    cells = [
        Cell(part, {}, copy.deepcopy(dict(config)), None, (config.get("seed", 0),))
    ]
    for axis in axes:
        if axis.role == "compare":
            cells = [
                cell._replace(
                    labels={**cell.labels, axis.name: label},
                    config=override(cell.config, overrides),
                )
                for cell in cells
                for label, overrides in axis.points
            ]
    choice = None if tuned is None else _choice(tuned, seeds)
    values = cells[0].seeds if seeds is None else tuple(p[0] for p in seeds.points)
    return [cell._replace(tune=choice, seeds=values) for cell in cells]


def override(config: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A config with values put in by dotted key; a table is merged, not replaced."""
    changed = copy.deepcopy(dict(config))
    for key, value in values.items():
        *sections, name = key.split(".")
        place = changed
        for section in sections:
            place = place.setdefault(section, {})
        if isinstance(value, Mapping) and isinstance(place.get(name), Mapping):
            place[name] = {**place[name], **value}
        else:
            place[name] = value
    return changed


def _axis(role: Role, name: str, points: tuple[Any, ...]) -> Axis:
    if not points:
        raise UserError(f"sweep: axis {name!r} has no values")
    return Axis(role, name, points)


def _choice(tuned: Axis, seeds: Axis | None) -> dict[str, Any]:
    reported = set() if seeds is None else {label for label, _ in seeds.points}
    if shared := reported & set(tuned.seeds):
        raise UserError(
            f"tune({tuned.name!r}): seeds {sorted(shared)} are also reported; "
            "tuning needs seeds of its own"
        )
    values = [label for label, _ in tuned.points]
    return {"key": tuned.name, "values": values, "seeds": list(tuned.seeds)}
