"""The user's tasks in an experiment, in the place of the config's.

A task takes the place of the config's in the parts that compare lengths, or in all of
them where none does; the other parts are left out, and so are other settings of the
config's tasks. Parts that are alike once their task is the same, but for their lengths,
are one part, over all of these lengths, so that no run and no task is counted twice.
Parts that differ in more, as in their budget or models, stay apart.
"""

import json
from collections.abc import Sequence
from typing import Any

from experiments.experiment import Experiment
from experiments.own import Given
from lib.sweep import Axis, compare, expand, override

Part = tuple[dict[str, Any], Sequence[Axis]]


def place_tasks(experiment: Experiment, tasks: Sequence[Given]) -> Experiment:
    """The experiment on these tasks. `solve_widths` then matches its models again.

    What the config says of its own tasks (expected numbers, abilities, that widths are
    matched) is not said of these.
    """
    parts = experiment.parts
    taking = {p: v for p, v in parts.items() if any(map(_is_length, v[1]))} or parts
    groups = _alike(taking)
    found, remarks = {}, []
    for given in tasks:
        for names in groups:
            label = given.label if len(groups) == 1 else f"{given.label}, {names[0]}"
            # "ability: task" is how the report reads a part's name.
            label = label.replace(": ", ", ")
            base, axes = _joined([taking[name] for name in names])
            task = {**given.section, "length": base["task"]["length"]}
            found[label] = {**base, "task": task}, axes
            remarks.append(f"{label}: in the place of {_listed(names)}")
    if absent := [name for name in parts if name not in taking]:
        remarks.append(f"left out, as they compare no lengths: {_listed(absent)}")
    return experiment._replace(
        parts=found, expected=[], abilities={}, remarks=tuple(remarks)
    )


def solve_widths(experiment: Experiment) -> Experiment:
    """Widths solved again where the config's models were matched, on the tasks placed.

    Where that cannot be done they stay the config's, and the report does not call them
    equal. A part some of whose runs are then those of an earlier part is left out.
    """
    parts: dict[str, Part] = {}
    remarks = list(experiment.remarks)
    known: dict[str, str] = {}  # the part of each run
    for part, (base, axes) in experiment.parts.items():
        axes = tuple(_matched(part, base, axes, a, remarks) for a in axes)
        runs = _runs(part, base, axes) if len(experiment.parts) > 1 else set()
        if twice := runs & known.keys():
            other = known[min(twice)]
            remarks.append(
                f"{part}: left out, as {len(twice)} of its runs are those of {other}"
            )
            continue
        known |= dict.fromkeys(runs, part)
        parts[part] = base, axes
    return experiment._replace(parts=parts, remarks=tuple(remarks))


def as_given(note: str, added: Sequence[str]) -> str:
    """A note that widths are matched, which does not hold for what is added."""
    return f"{note}; {' and '.join(added)}: as given" if note and added else note


def _alike(parts: dict[str, Part]) -> list[list[str]]:
    """The names of the parts that differ in their tasks and lengths alone, together."""
    groups: list[tuple[Any, list[str]]] = []
    for name, (base, axes) in parts.items():
        rest = {key: value for key, value in base.items() if key != "task"}
        about = rest, [_unsolved(a) for a in axes if not _is_of_task(a)]
        for other, names in groups:
            if other == about:
                names.append(name)
                break
        else:
            groups.append((about, [name]))
    return [names for _, names in groups]


def _joined(parts: Sequence[Part]) -> Part:
    """Parts that are alike as one: the first, over the lengths of all."""
    base, axes = parts[0]
    kept = [_unmatched(a) for a in axes if _is_length(a) or not _is_of_task(a)]
    if len(parts) == 1:
        return base, tuple(kept)
    lengths = sorted({length for part in parts for length in _lengths(part)})
    if len(lengths) == 1:
        return base, tuple(kept)
    joined = compare("task.length", lengths)
    if not any(map(_is_length, kept)):
        return base, (*kept, joined)
    return base, tuple(joined if _is_length(a) else a for a in kept)


def _lengths(part: Part) -> list[int]:
    base, axes = part
    axis = next(filter(_is_length, axes), None)
    if axis is None:
        return [base["task"]["length"]]
    return [overrides["task.length"] for _, overrides in axis.points]


def _unsolved(axis: Axis) -> Axis:
    """An axis of matched models without the widths, which depend on the task."""
    given = axis.matched.get("models", {})
    points = tuple(
        (label, {**overrides, "model": given[label]} if label in given else overrides)
        for label, overrides in axis.points
    )
    return axis._replace(points=points, note="")


def _unmatched(axis: Axis) -> Axis:
    return axis._replace(note="") if axis.matched else axis


def _matched(
    part: str,
    base: dict[str, Any],
    axes: Sequence[Axis],
    axis: Axis,
    remarks: list[str],
) -> Axis:
    """The axis with its widths solved for the part's task, and a remark on it."""
    if not axis.matched:
        return axis
    from lib.budget import rematch  # loads JAX

    shortest = min(_lengths((base, axes)))
    try:
        solved = rematch(axis, override(base, {"task.length": shortest}))
    except ValueError as error:
        remarks.append(f"{part}: widths as in the config, not matched: {error}")
        return axis
    added = [str(k) for k, _ in axis.points if k not in axis.matched["models"]]
    solved = solved._replace(note=as_given(solved.note, added))
    remarks.append(f"{part}: {solved.note}")
    return solved


def _runs(part: str, base: dict[str, Any], axes: Sequence[Axis]) -> set[str]:
    """The configs of all runs that a part may ask for, as text."""
    from lib.config import check_config

    found = set()
    for cell in expand(part, base, axes):
        points = [None] if cell.tune is None else cell.tune["points"]
        given = [config for _, config in cell.tune_configs()]
        given += [config for p in points for config in cell.replicate_configs(p)]
        configs = (check_config(config)[0] for config in given)
        found |= {json.dumps(c.to_dict(), sort_keys=True) for c in configs if c}
    return found


def _is_length(axis: Axis) -> bool:
    return all(set(overrides) == {"task.length"} for _, overrides in axis.points)


def _is_of_task(axis: Axis) -> bool:
    keys = {key for _, overrides in axis.points for key in overrides}
    return any(key.split(".")[0] == "task" for key in keys)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
