"""The printed table of all comparisons, and a shorter one for a page of Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments.bench.rows import Row, amount, described, rows, shown_ratio
from lib.report.table import Cell, Table


def table(results: Iterable[Mapping[str, Any]]) -> Table:
    """One line a comparison: times or bytes, the ratio with quartiles, the aim."""
    body = [
        (
            Cell(row.label),
            Cell(row.peer or "none"),
            Cell(described(row)),
            Cell(amount(row, row.ours)),
            Cell(amount(row, row.theirs) if row.peer else ""),
            Cell(_ratio(row) if row.peer else ""),
            Cell("" if row.aim is None else f"{row.aim:g}"),
            Cell(_compile(row)),
        )
        for row in rows(results)
    ]
    columns = ("subject", "peer", "measured", "horizon", "peer's", "ratio", "aim")
    columns += ("compile (s)",)
    return Table(
        "Speed beside peers: medians; ratio peer / horizon with quartiles over rounds",
        columns,
        body,
        prose=frozenset({1, 2}),
    )


def markdown(results: Iterable[Mapping[str, Any]]) -> str:
    """One line a subject and quantity we aim at, or of all where there is none such.

    All peers stand in one cell.
    """
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in rows(results):
        grouped.setdefault((row.label, described(row)), []).append(row)
    aimed = {key: group for key, group in grouped.items() if _aims(group)}
    lines = [
        "| subject | measured | horizon | times as fast as (or as small) | aim |",
        "|---|---|---|---|---|",
    ]
    for (label, measured), group in (aimed or grouped).items():
        ours = f"{amount(group[0], group[0].ours)}"
        if not group[0].quantity.endswith("bytes"):
            ours += f" a {group[0].unit}"
        lines.append(
            f"| {label} | {measured} | {ours} | {_peers(group)} | {_aims(group)} |"
        )
    return "\n".join(lines) + "\n"


def _peers(group: Sequence[Row]) -> str:
    return ", ".join(
        f"{row.peer} {shown_ratio(row.ratio.median)}" for row in group if row.peer
    )


def _aims(group: Sequence[Row]) -> str:
    return ", ".join(f"{row.peer} {row.aim:g}" for row in group if row.aim is not None)


def _ratio(row: Row) -> str:
    low, median, high = map(shown_ratio, row.ratio)
    return median if low == high else f"{median} [{low}, {high}]"


def _compile(row: Row) -> str:
    """Seconds of ours and of the peer's, where anything was compiled ahead."""
    if not any(row.compile_seconds):
        return ""
    return ", ".join("–" if s is None else f"{s:.1f}" for s in row.compile_seconds)


def complaints(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """What was left out, once a reason, and every error."""
    reasons: dict[str, None] = {}
    errors = []
    for result in results:
        for name, reason in result["left_out"].items():
            reasons[f"left out: {name} ({reason})"] = None
        for name, error in result["errors"].items():
            errors.append(f"failed: {result['label']}, {name}: {error}")
    return [*reasons, *errors]
