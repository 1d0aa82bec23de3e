"""Why not a feed-forward network? What either kind costs as pictures grow.

    python -m experiments.side_cost [--most_gigabytes=5] [--quick] [--store=results]

For sides of 28 to 4032 pixels: parameters, FLOPs of an answer and the memory of a
training step, counted; and the seconds of a training step with one picture, measured
where the step needs at most --most_gigabytes. Prints a table, writes
<store>/report/side_cost/cost.json, .svg and .png, and prints the figure's path last.
Less than two minutes on 2 cores; --quick stops at 16 pixels.
"""

import gc
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments.program import report_folder, run
from lib.error import UserError

if TYPE_CHECKING:
    from lib.report.table import Table
    from lib.side_cost import Planned

GIGABYTES = flags.DEFINE_float(
    "most_gigabytes", 5.0, "Memory up to which a step is measured.", 0.0, 1e6
)
QUICK = flags.DEFINE_bool("quick", False, "Small sides alone, measured in a moment.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

MATRIX = "matrix for the first maps"  # what one weight a pixel and unit would take
SIDES = (28, 56, 100, 200, 400, 800, 1600, 3200, 4032)
_QUICK_SIDES = (8, 16)
_SECONDS, _MOST_TIMES = 2.0, 20  # that a measurement may take, and how often it is made


def main(_: Sequence[str]) -> None:
    if not math.isfinite(GIGABYTES.value):
        raise UserError(f"--most_gigabytes must be a number, got {GIGABYTES.value}")
    folder = report_folder(Path(STORE.value), "side_cost")
    rows = _measure(_QUICK_SIDES if QUICK.value else SIDES)
    print("\n".join(_table(rows).lines()))
    folder.mkdir(parents=True, exist_ok=True)
    _draw(folder, rows)


def _measure(sides: Sequence[int]) -> list[dict[str, Any]]:
    """One row a network and side; progress goes to standard error."""
    from lib.side_cost import FILTERS, NETWORKS, dense_weights, plan

    rows = []
    for side in sides:
        weights = FILTERS * dense_weights((side, side), (side, side))
        rows.append({"network": MATRIX, "side": side, "parameters": weights})
        for name in NETWORKS:
            print(f"{name}, {side} x {side} pixels", file=sys.stderr)
            planned = plan(name, side)
            fits = planned.cost.memory <= GIGABYTES.value * 1e9
            seconds = _seconds(planned) if fits else None
            row = {"network": name, "side": side, **planned.cost._asdict()}
            rows.append({**row, "seconds": seconds})
            gc.collect()
    return rows


def _seconds(planned: "Planned") -> float:
    """The quickest of a few steps: what a machine busy with else can show."""
    import jax

    state, image = planned.start()
    state, taken = planned.step(state, image), []
    jax.block_until_ready(state)
    while len(taken) < _MOST_TIMES and sum(taken) < _SECONDS:
        started = time.perf_counter()
        state = planned.step(state, image)
        jax.block_until_ready(state)
        taken.append(time.perf_counter() - started)
    return min(taken)


def _table(rows: Sequence[dict[str, Any]]) -> "Table":
    from lib.report.table import Cell, Table

    def shown(row: dict[str, Any], name: str, unit: float, digits: int) -> Cell:
        value = row.get(name)
        return Cell("–" if value is None else f"{value / unit:,.{digits}f}")

    body = [
        (
            Cell(row["network"]),
            Cell(f"{row['side']:,}"),
            Cell(f"{row['parameters']:,}"),
            shown(row, "flops", 1e6, 1),
            shown(row, "memory", 1e6, 1),
            shown(row, "seconds", 1e-3, 2),
        )
        for row in sorted(rows, key=lambda row: row["network"])
    ]
    columns = ("network", "side (pixels)", "parameters", "MFLOPs an answer")
    columns += ("MB a training step", "ms a training step")
    return Table("Cost against the side of a picture", columns, body)


def _draw(folder: Path, rows: list[dict[str, Any]]) -> None:
    from lib.report.figure import save_drawing
    from lib.report.file import replace_file
    from lib.report.side_cost_figure import draw_side_cost

    replace_file(folder / "cost.json", json.dumps(rows, indent=1).encode())
    save_drawing(
        folder,
        "cost",
        lambda narrow: draw_side_cost(rows, narrow),
        "Parameters, FLOPs, memory and seconds against the side of a picture.",
    )
    print(folder / "cost.png")


if __name__ == "__main__":
    run(main)
