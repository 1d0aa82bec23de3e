"""Sweeps: axes over a config, each with a role, expanded into cells and runs.

    product(
        compare("model", {"lstm": {"name": "lstm"}, "gru": {"name": "gru"}}),
        compare("task.length", (16, 32, 64)),
        tune("optimizer.learning_rate", (3e-3, 1e-2), seeds=(1000,)),
        replicate(range(5)),
    )

*compare* axes span the cells that a report shows, *tune* is chosen per cell by
validation alone, on seeds of its own, and *replicate* is what intervals are over. Where
several settings are tuned, every combination of their values is tried; an axis with
`where` tunes the cells that it names and no others.
"""

import copy
import itertools
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
    where: Mapping[str, tuple[Any, ...]] = {}  # tune: the labels it applies to; {}: all
    note: str = ""  # compare: what the values have in common, for the report
    # The arguments of lib.budget.match, where it solved for the models' widths.
    matched: Mapping[str, Any] = {}


class Cell(NamedTuple):
    """One point of a comparison: a config, and how it is tuned and replicated."""

    part: str
    labels: dict[str, Any]
    config: dict[str, Any]
    # {"points": every combination to try, as {key: value}, "seeds": [...]}
    tune: dict[str, Any] | None
    seeds: tuple[int, ...]

    def tune_configs(self) -> list[tuple[int, dict[str, Any]]]:
        """The runs of the first stage: each point's index, with every tuning seed."""
        if self.tune is None:
            return []
        return [
            (index, override(self.config, {**point, "seed": seed}))
            for index, point in enumerate(self.tune["points"])
            for seed in self.tune["seeds"]
        ]

    def replicate_configs(
        self, chosen: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The reported runs: the chosen point with every seed."""
        return [
            override(self.config, {**(chosen or {}), "seed": s}) for s in self.seeds
        ]


def compare(
    key: str, values: Mapping[str, Any] | Sequence[Any], name: str = ""
) -> Axis:
    """An axis that the report shows; a mapping gives each value its label."""
    pairs = values.items() if isinstance(values, Mapping) else [(v, v) for v in values]
    points = tuple((label, {key: value}) for label, value in pairs)
    return _axis("compare", name or key.split(".")[-1], points)


def tune(
    key: str,
    values: Sequence[Any],
    seeds: Sequence[int],
    where: Mapping[str, Any] | None = None,
) -> Axis:
    """An axis whose value is chosen per cell, by mean validation over these seeds.

    `where` names the cells it is for, as {"model": "lstm"} or {"model": ("s5", "lru")}:
    a scalar that one model needs is tuned for that model alone.
    """
    if not seeds:
        raise UserError(f"tune({key!r}): needs at least one seed of its own")
    if key.count(".") != 1:
        raise UserError(f"tune({key!r}): the key must be of the form section.name")
    if not all(isinstance(value, (bool, int, float, str)) for value in values):
        raise UserError(f"tune({key!r}): values must be numbers or strings")
    if len(set(values)) < len(values):
        raise UserError(f"tune({key!r}): values must differ, got {tuple(values)}")
    points = tuple((value, {key: value}) for value in values)
    labels = {
        name: tuple(given) if isinstance(given, (tuple, list)) else (given,)
        for name, given in (where or {}).items()
    }
    return _axis("tune", key, points)._replace(seeds=tuple(seeds), where=labels)


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
    fixed = [axis.name for axis in axes if not axis.where]
    if len(set(fixed)) < len(fixed):
        raise UserError(f"sweep: an axis is given twice, got {', '.join(names)}")
    if sum(axis.role == "replicate" for axis in axes) > 1:
        raise UserError(f"sweep: at most one replicate axis, got {', '.join(names)}")
    seeds = {axis.seeds for axis in axes if axis.role == "tune"}
    if len(seeds) > 1:
        raise UserError(
            "sweep: settings that are tuned together need the same seeds, got "
            + " and ".join(map(str, sorted(seeds)))
        )
    _check_where(axes)
    return axes


def chain(*axes: Axis) -> Axis:
    """The values of several axes over the same key, one after another."""
    return axes[0]._replace(points=tuple(p for axis in axes for p in axis.points))


def expand(part: str, config: Mapping[str, Any], axes: Sequence[Axis]) -> list[Cell]:
    """The cells of one part of a sweep, in the order of its axes."""
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
    values = cells[0].seeds if seeds is None else tuple(p[0] for p in seeds.points)
    tuned = [axis for axis in axes if axis.role == "tune"]
    return [
        cell._replace(tune=_choice(cell, tuned, seeds), seeds=values) for cell in cells
    ]


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


def _choice(
    cell: Cell, tuned: Sequence[Axis], seeds: Axis | None
) -> dict[str, Any] | None:
    """How a cell is tuned: by the axes that are for it; None: by none of them."""
    own = [
        axis
        for axis in tuned
        if all(cell.labels[name] in labels for name, labels in axis.where.items())
    ]
    if not own:
        return None
    keys = [axis.name for axis in own]
    if len(set(keys)) < len(keys):
        where = ", ".join(f"{k}={v}" for k, v in cell.labels.items())
        raise UserError(f"tune({keys[0]!r}): given twice for the cell {where}")
    reported = set() if seeds is None else {label for label, _ in seeds.points}
    if shared := reported & set(own[0].seeds):
        raise UserError(
            f"tune({keys[0]!r}): seeds {sorted(shared)} are also reported; "
            "tuning needs seeds of its own"
        )
    values = itertools.product(*([label for label, _ in axis.points] for axis in own))
    points = [dict(zip(keys, point, strict=True)) for point in values]
    return {"points": points, "seeds": list(own[0].seeds)}


def _check_where(axes: Sequence[Axis]) -> None:
    """Raise UserError where a tune axis is for cells that the sweep does not have."""
    known = {
        axis.name: [label for label, _ in axis.points]
        for axis in axes
        if axis.role == "compare"
    }
    for axis in axes:
        for name, labels in axis.where.items():
            for label in labels:
                if label not in known.get(name, ()):
                    raise UserError(
                        f"tune({axis.name!r}): no cell has {name} {label!r} (known: "
                        f"{', '.join(map(str, known.get(name, known))) or 'none'})"
                    )
