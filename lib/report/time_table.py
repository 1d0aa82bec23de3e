"""Where the time of a sweep went: imports, compilation, training, writing."""

from lib.report.collect import Sweep
from lib.report.cost import three_digits
from lib.report.table import Cell, Table
from lib.store import KINDS


def time_table(sweep: Sweep) -> Table:
    """One row a part and one of them all: worker seconds by kind, with their share."""
    rows = [_row(part, spent) for part, spent in sweep.seconds.items()]
    if len(rows) > 1:
        parts = sweep.seconds.values()
        rows.append(_row("all", {k: sum(p.get(k, 0.0) for p in parts) for k in KINDS}))
    note = (
        "Seconds of all worker processes together, and the share of their sum. "
        "Evaluate: evaluations and probes, theirs compiled with them. Write: waiting "
        "for the disk. Idle: a worker without a group, before its last one."
    )
    return Table("Where the time went", ("part", *KINDS, "all"), rows, note)


def time_text(seconds: dict[str, dict[str, float]]) -> str:
    """The shares of a sweep's time as one line; empty where nothing is known."""
    total = {k: sum(p.get(k, 0.0) for p in seconds.values()) for k in KINDS}
    whole = sum(total.values())
    if not whole:
        return ""
    shares = ", ".join(f"{k} {v / whole:.0%}" for k, v in total.items() if v)
    return f"{three_digits(whole)} worker seconds: {shares}"


def _row(name: str, spent: dict[str, float]) -> tuple[Cell, ...]:
    whole = sum(spent.values())
    cells = [_cell(spent.get(kind, 0.0), whole) for kind in KINDS]
    return (Cell(name), *cells, Cell(three_digits(whole)))


def _cell(seconds: float, whole: float) -> Cell:
    return Cell(three_digits(seconds), f"{seconds / whole:.0%}" if whole else "")
