"""Models of one budget: the width at which each costs what a reference does.

    match("parameters", "lstm", MODELS, get_config()["recall"])

is the axis `compare("model", ...)` with the width of every model solved for as many
parameters as lstm has, counted (lib/cost.py), not estimated. Equal budgets of one kind
are unequal ones of the others, so a comparison says which was held.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from lib.cost import count_cost
from lib.error import UserError
from lib.registry import MODELS, TASKS
from lib.setting import check_settings, nearest, settings_of
from lib.sweep import Axis, compare
from lib.types import Interface, Model

Kind = Literal["parameters", "state", "flops"]

TOLERANCE = 0.05  # how far from the reference's a model's cost may be
WIDEST = 2**16

_COSTS = {
    "parameters": "parameters",
    "state": "state_size",
    "flops": "flops_per_token",
}
_WORDS = {
    "parameters": "parameters",
    "state": "numbers of state",
    "flops": "FLOPs a token",
}


def match(
    kind: Kind,
    reference: str,
    models: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    *,
    sizes: Mapping[str, str] | None = None,
    tolerance: float = TOLERANCE,
) -> Axis:
    """The models as an axis, each as wide as costs what `reference`, one of them, does.

    `models` and `config` are those of `compare("model", models)` over that base config;
    the reference keeps its width. What is solved for is hidden_size, in multiples of
    num_heads, or the setting that `sizes` names for a model, as {"s5": "state_size"}.

    Raises UserError where no width comes within `tolerance` of the reference.
    """
    if kind not in _COSTS:
        raise UserError(f"match: unknown budget {kind!r}{nearest(kind, _COSTS)}")
    if reference not in models:
        raise UserError(
            f"match: unknown model {reference!r}{nearest(reference, models)}"
        )
    interface = _interface(config["task"])
    settings = {
        label: {**config.get("model", {}), **given} for label, given in models.items()
    }
    target = _cost(kind, settings[reference], interface)
    matched: dict[str, Any] = {}
    worst = 0.0
    for label, given in models.items():
        size = (sizes or {}).get(label, "hidden_size")
        if label == reference:
            matched[label] = given
            continue
        width, cost = solve_width(kind, target, settings[label], interface, size)
        error = abs(cost / target - 1)
        if error > tolerance:
            raise UserError(
                f"match: {label}: no {size} comes within {100 * tolerance:g} % of the "
                f"{target:,} {_WORDS[kind]} of {reference}; nearest is {width} with "
                f"{cost:,}"
            )
        worst = max(worst, error)
        matched[label] = {**given, size: width}
    note = (
        f"equal {_WORDS[kind]}: {target:,} as {reference} has, to {100 * worst:.1f} %"
    )
    asked = {"kind": kind, "reference": reference, "models": models}
    asked |= {"sizes": sizes, "tolerance": tolerance}
    return compare("model", matched)._replace(note=note, matched=asked)


def rematch(axis: Axis, config: Mapping[str, Any]) -> Axis:
    """An axis of `match` with the widths solved again, over another base config.

    What else its points set, and points that `match` did not make, stay as they are.
    Raises ValueError where the config's task refuses its settings, or as `match` does.
    """
    solved = match(config=config, **axis.matched)
    found = {label: overrides["model"] for label, overrides in solved.points}
    points = tuple(
        (label, {**given, "model": found[label]} if label in found else given)
        for label, given in axis.points
    )
    return axis._replace(points=points, note=solved.note)


def solve_width(
    kind: Kind,
    target: int,
    settings: Mapping[str, Any],
    interface: Interface,
    size: str = "hidden_size",
) -> tuple[int, int]:
    """The width whose cost is nearest to `target`, and that cost.

    `settings` are a model's, its name among them. Widths are multiples of num_heads,
    by an even number where the model refuses others. A cost that grows with the width
    is assumed; it is counted at some ten widths.
    """
    known = settings_of(_factory(settings.get("name")))
    if size not in known:
        raise UserError(f"match: {settings['name']} has no setting {size!r}")
    heads = known["num_heads"].default if "num_heads" in known else 1
    unit = int(settings.get("num_heads", heads))
    start = int(settings.get(size, known[size].default))
    try:
        return _solve(kind, target, settings, interface, size, start, unit)
    except UserError:
        raise
    except ValueError:  # as heads of an odd width with rotary positions
        return _solve(kind, target, settings, interface, size, start, 2 * unit)


def _solve(
    kind: Kind,
    target: int,
    settings: Mapping[str, Any],
    interface: Interface,
    size: str,
    start: int,
    unit: int,
) -> tuple[int, int]:
    """`solve_width` among the multiples of `unit`."""

    def cost(units: int) -> int:
        return _cost(kind, {**settings, size: units * unit}, interface)

    found = _nearest(cost, target, max(1, start // unit), WIDEST // unit)
    return found * unit, cost(found)


def _nearest(cost: Callable[[int], int], target: int, start: int, most: int) -> int:
    """The argument from 1 to `most` at which a growing function is nearest to a value.

    The root of the ratio is the next guess, exact for a square; half the bracket where
    that leaves it.
    """
    low, high, at = 0, most + 1, min(start, most)
    while high - low > 1:
        value = cost(at)
        if value <= target:
            low = at
        else:
            high = at
        guess = round(at * (target / max(value, 1)) ** 0.5)
        guess = min(max(guess, at - 1 if value > target else at + 1), most)
        at = guess if low < guess < high else (low + high) // 2
    ends = [end for end in (low, high) if 1 <= end <= most]
    return min(ends, key=lambda end: abs(cost(end) - target))


def _cost(kind: Kind, settings: Mapping[str, Any], interface: Interface) -> int:
    return _counted(kind, json.dumps(dict(settings), sort_keys=True), interface)


@functools.lru_cache(maxsize=4096)
def _counted(kind: Kind, text: str, interface: Interface) -> int:
    settings = json.loads(text)
    make = _factory(settings.pop("name"))
    filled, problems = check_settings("model", settings_of(make), settings)
    if problems:
        raise UserError("match: " + "\n".join(problems))
    return count_cost(_COSTS[kind], make(interface, **filled), interface)


def _factory(name: Any) -> Callable[..., Model]:
    if name not in MODELS:
        raise UserError(f"match: unknown model {name!r}{nearest(str(name), MODELS)}")
    return MODELS[name]


def _interface(task: Mapping[str, Any]) -> Interface:
    given = {k: v for k, v in task.items() if k not in ("name", "length")}
    make = TASKS[task["name"]]
    settings, problems = check_settings("task", settings_of(make), given)
    if problems:
        raise UserError("match: " + "\n".join(problems))
    return make("train", 1, task["length"], **settings).interface
