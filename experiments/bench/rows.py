"""Results as rows: one comparison with one peer in one quantity each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from experiments.bench.subject import OURS
from experiments.bench.target import QUANTITIES, Quantity, target
from experiments.bench.timing import Spread


class Row(NamedTuple):
    """What we and a peer take of a quantity, and the ratio peer / ours by round."""

    label: str
    unit: str
    peer: str  # "" where there is none to compare with
    quantity: Quantity
    ours: float  # seconds a unit, or bytes
    theirs: float
    ratio: Spread
    aim: float | None
    compile_seconds: tuple[float | None, ...] = ()  # of us and of the peer


def rows(results: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Every comparison of the results, subject by subject."""
    return [row for result in results for row in _rows(result)]


def _rows(result: Mapping[str, Any]) -> Iterator[Row]:
    for timing in result["timings"]:
        quantity: Quantity = "processor" if timing["threads"] == 1 else "clock"
        if not timing["ratios"]:
            ours = timing["contenders"][OURS]["seconds"][quantity][1]
            yield _row(result, "", quantity, ours, ours, Spread(1.0, 1.0, 1.0))
        for peer, ratio in timing["ratios"].items():
            both = [timing["contenders"][name] for name in (OURS, peer)]
            ours, theirs = (found["seconds"][quantity][1] for found in both)
            row = _row(result, peer, quantity, ours, theirs, Spread(*ratio[quantity]))
            compiled = tuple(found["compile_seconds"] for found in both)
            yield row._replace(compile_seconds=compiled)
    memory = result["memory"]
    if memory:
        yield from _ratios(result, "temporary_bytes", _temporary(result))
        peaks = {name: found["peak_bytes"] for name, found in memory.items()}
        yield from _ratios(result, "peak_bytes", peaks)


def _temporary(result: Mapping[str, Any]) -> dict[str, int]:
    """XLA's plan of each contender it compiled."""
    planned = {
        name: found["temporary_bytes"] for name, found in result["memory"].items()
    }
    return {name: size for name, size in planned.items() if size is not None}


def _ratios(
    result: Mapping[str, Any], quantity: Quantity, sizes: Mapping[str, int]
) -> Iterator[Row]:
    ours = sizes.get(OURS)
    if not ours:
        return
    for peer, size in sizes.items():
        if peer != OURS:
            ratio = size / ours
            yield _row(result, peer, quantity, ours, size, Spread(ratio, ratio, ratio))


def _row(
    result: Mapping[str, Any],
    peer: str,
    quantity: Quantity,
    ours: float,
    theirs: float,
    ratio: Spread,
) -> Row:
    label = result["label"]
    aim = target(label, peer, quantity)
    return Row(label, result["unit"], peer, quantity, ours, theirs, ratio, aim)


def amount(row: Row, value: float) -> str:
    """A value with its unit, three digits."""
    if row.quantity.endswith("bytes"):
        return f"{_digits(value / 2**20)} MiB"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= size or unit == "µs":
            return f"{_digits(value / size)} {unit}"
    raise AssertionError("the last unit takes all")


def shown_ratio(value: float) -> str:
    """A ratio with two or three digits."""
    return _rounded(value, 9.95, 99.5)


def described(row: Row) -> str:
    """How a row was measured."""
    return QUANTITIES[row.quantity]


def _digits(value: float) -> str:
    return _rounded(value, 9.995, 99.95)


def _rounded(value: float, two: float, one: float) -> str:
    """With two decimals below `two`, one below `one`, else none."""
    if value < two:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < one else f"{value:,.0f}"
