"""The gradient's way back through time in a finished run, as numbers and a figure.

    python -m experiments.gradient --run=ID [--length=N] [--store=results]

For the run's examples of N inputs (its training length where none is given): the norm
of the gradient of the last answer's loss with respect to the state k steps before it,
before the first step (made again from the seed) and after training, with the decay
length, the steps in which it falls to 1/e. Writes <store>/report/gradient/<ID>-<N>.svg
and .png, and prints the figure's path last.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from experiments.own import define_own_flags, load_own
from experiments.program import report_folder, run
from lib.error import UserError

if TYPE_CHECKING:
    from lib.report.gradient import ModelGradients
    from lib.report.table import Table

OWN = define_own_flags()
RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
LENGTH = flags.DEFINE_integer("length", 0, "Inputs; 0: the training length.", 0, 2**20)
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")


def main(_: Sequence[str]) -> None:
    from lib.report.figure import looks, save_drawing
    from lib.report.gradient_figure import draw_gradients

    load_own(OWN)
    store = Path(STORE.value)
    folder = report_folder(store, "gradient")
    model, length = _measure(store)
    print("\n".join(_table(model).lines()))
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{RUN.value}-{length}"
    save_drawing(
        folder,
        stem,
        lambda narrow: draw_gradients([model], looks([model.label]), narrow),
        "Gradient norm against the lag, before and after training.",
    )
    print(folder / f"{stem}.png")


def _measure(store: Path) -> tuple["ModelGradients", int]:
    """The run's norms before its first step and after its last."""
    from lib import load_run
    from lib.compile import initial_params
    from lib.gradient import check_recurrent
    from lib.probe.gradient import gradient_norms
    from lib.program import make_hparams, make_program
    from lib.report.gradient import ModelGradients

    loaded = load_run(store, RUN.value)
    config, name = loaded.config, loaded.config.model["name"]
    check_recurrent(f"--run: {RUN.value}, a {name}", loaded.model)
    length = LENGTH.value or config.task["length"]
    program, hparams = make_program(config), make_hparams(config)
    try:
        norms = gradient_norms(program, length)
    except ValueError as error:  # a task without examples of this length
        raise UserError(f"--length: {error}") from error
    before = norms(hparams, initial_params(program, config))
    after = norms(hparams, loaded.params)
    steps = {0: tuple(before), int(loaded.result["step"]): tuple(after)}
    return ModelGradients(name, {config.seed: steps}), length


def _table(model: "ModelGradients") -> "Table":
    """Norms at lags that double, and the fitted decays."""
    from lib.report.gradient import decay_text, median_at
    from lib.report.table import Cell, Table

    most = min(len(norms) for rows in model.seeds.values() for norms in rows.values())
    lags = [2**i for i in range(most.bit_length()) if 2**i <= most]
    ends = (model.before, model.after)
    text = lambda value: "–" if value is None else f"{value:.3e}"
    rows = [
        (Cell(str(lag)), *(Cell(text(median_at(norms, lag))) for norms in ends))
        for lag in sorted({*lags, most})
    ]
    rows.append((Cell("decay"), *(Cell(decay_text(norms)) for norms in ends)))
    title = f"{model.label}: |dE/dh| by lag, mean over examples"
    return Table(title, ("lag", "before training", "after training"), rows)


if __name__ == "__main__":
    run(main)
