"""What a trained model of pictures keeps when the picture moves, layer by layer.

    python -m experiments.invariance --run=ID [--most=8] [--pictures=1024]
        [--store=results]

For shifts of 1 to --most pixels in four directions: of the units of each layer that
answer to the picture or to the moved one, the share that changes, before and after
pooling; and the accuracy on the moved test pictures. A unit changes when its value
moves by more than a tenth of the larger of its two values and of the layer's root mean
square. Prints a table, writes <store>/report/invariance/<ID>.json, .svg and .png, and
prints the figure's path last.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments.program import report_folder, run
from lib.error import UserError

if TYPE_CHECKING:
    from lib.report.table import Table

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
MOST = flags.DEFINE_integer("most", 8, "The furthest shift, in pixels.", 1, 1024)
PICTURES = flags.DEFINE_integer("pictures", 1024, "Test pictures used.", 1, 2**20)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")


def main(_: Sequence[str]) -> None:
    folder = report_folder(Path(STORE.value), "invariance")
    record = _measure(Path(STORE.value))
    print("\n".join(_table(record).lines()))
    folder.mkdir(parents=True, exist_ok=True)
    _draw(folder, record)


def _measure(store: Path) -> dict[str, Any]:
    from lib import load_run
    from lib.probe.invariance import layers_of, make_invariance
    from lib.program import make_hparams, make_program

    loaded = load_run(store, RUN.value)
    config = loaded.config
    layers_of(f"--run: {RUN.value}, a {config.model['name']}", loaded.model)
    program, side = make_program(config), config.task["length"]
    if MOST.present and MOST.value >= side:
        raise UserError(
            f"--most must be less than the picture's side, {side}, got {MOST.value}"
        )
    shifts = range(1, min(MOST.value, side - 1) + 1)
    measure = make_invariance(program, shifts, (), PICTURES.value)
    return {
        "run": RUN.value,
        "model": config.model["name"],
        "task": config.task["name"],
        "floor": program.test.floor(side),
        **measure(make_hparams(config), loaded.params),
    }


def _table(record: Mapping[str, Any]) -> "Table":
    """Shares by layer, and accuracy at the end."""
    from lib.report.table import Cell, Table

    distances = [n for n in record["shift"] if n != "0"]
    rows = [
        (Cell(layer["name"]), *(Cell(f"{layer['shift'][n]:.3f}") for n in distances))
        for layer in record["layers"]
    ]
    accuracy = (Cell(f"{record['shift'][n]:.3f}") for n in distances)
    rows.append((Cell("test accuracy"), *accuracy))
    title = (
        f"{record['model']} on {record['task']}: share of active units that change, by "
        f"shift in pixels; accuracy unmoved {record['shift']['0']:.3f}"
    )
    return Table(title, ("layer", *distances), rows)


def _draw(folder: Path, record: Mapping[str, Any]) -> None:
    from lib.report.figure import save_drawing
    from lib.report.file import replace_file
    from lib.report.invariance import read_curve, read_layers
    from lib.report.invariance_figure import draw_invariance

    stem = record["run"]
    replace_file(folder / f"{stem}.json", json.dumps(record, indent=1).encode())
    layers, accuracy = read_layers(record["layers"]), read_curve(record["shift"])
    sizes = record["num_pictures"], record["floor"]
    save_drawing(
        folder,
        stem,
        lambda narrow: draw_invariance(layers, accuracy, *sizes, narrow),
        "Share of active units that change against shift, by layer; test accuracy.",
    )
    print(folder / f"{stem}.png")


if __name__ == "__main__":
    run(main)
