"""What the filters of a trained network of pictures have become.

    python -m experiments.filters --run=ID [--picture=0] [--layer=NAME]
        [--beside=ID,ID] [--store=results]

Draws four things of a run, from its test pictures:

    filters  the first layer's filters, grey where a weight is 0, and for each the
             patches that excite it most
    maps     the feature maps of one picture, layer by layer
    field    the effective receptive field of the unit in the middle of --layer (the
             last layer of maps where none is named): |da/dx|, mean over pictures; as a
             picture, and against the positions back from its middle in a picture read
             row by row, the axis of the gradient through time of recurrent models.
             --beside adds those of runs that read pictures as sequences, each divided
             by its largest

Writes <store>/report/filters/<ID>-*.svg and .png and <ID>.json, and prints the
figures' paths.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from absl import flags

from experiments.program import report_folder, run
from lib.error import UserError
from lib.setting import nearest

if TYPE_CHECKING:
    from lib import Run
    from lib.receptive_field import Field
    from lib.types import Layers

RUN = flags.DEFINE_string(
    "run", None, "The run's id, 16 hexadecimal digits.", required=True
)
PICTURE = flags.DEFINE_integer("picture", 0, "Test picture whose maps are drawn.", 0)
LAYER = flags.DEFINE_string("layer", "", "Layer of the field; '': the last of maps.")
BESIDE = flags.DEFINE_list("beside", [], "Runs of recurrent models of pictures.")
STORE = flags.DEFINE_string("store", "results", "Folder of runs, sweeps and reports.")

_NUM_PATCHES, _NUM_PICTURES = 6, 1024
_FIELD_PICTURES = 64


class Network(NamedTuple):
    """A run's layers of maps, bound to its parameters, and the pictures shown to it."""

    name: str
    layers: "Layers"
    params: Any
    images: np.ndarray  # [N, H, W, C] of the test split


def main(_: Sequence[str]) -> None:
    from lib import load_run

    store = Path(STORE.value)
    folder = report_folder(store, "filters")
    loaded = load_run(store, RUN.value)
    network = _network(loaded)
    recurrent = _besides(store)
    place = _layer_place(network)
    folder.mkdir(parents=True, exist_ok=True)
    filters = _draw_filters(folder, network)
    _draw_maps(folder, network)
    field = _field(network, place)
    _draw_field(folder, field, recurrent)
    _write(folder, filters, field, recurrent)


def _network(loaded: "Run") -> Network:
    """Raises UserError for a model without filters."""
    from lib.probe.filters import first_pictures
    from lib.probe.invariance import layers_of
    from lib.program import make_program
    from lib.window import WHOLE

    name = loaded.config.model["name"]
    layers = layers_of(f"--run: {RUN.value}, a {name}", loaded.model)
    if WHOLE in layers.windows[0]:
        raise UserError(f"--run: {RUN.value}, a {name}: needs a model with filters")
    images = first_pictures(make_program(loaded.config).test, _NUM_PICTURES)
    if PICTURE.value >= len(images):
        raise UserError(f"--picture must be below {len(images)}, got {PICTURE.value}")
    return Network(name, layers, loaded.params, images)


def _draw_filters(folder: Path, network: Network) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    from lib.exciting import exciting_patches, find_peaks
    from lib.receptive_field import first_filters
    from lib.report.figure import save_drawing
    from lib.report.filter_sheet import draw_filters

    layers, params, images = network.layers, network.params, network.images
    filters = np.asarray(first_filters(layers, params, jnp.asarray(images[0])))
    answers = jax.jit(lambda x: layers.apply(params, x)[0])
    peaks = find_peaks(lambda x: np.asarray(answers(jnp.asarray(x))), images)
    patches = exciting_patches(peaks, images, layers.windows[0], _NUM_PATCHES)
    stem = f"{RUN.value}-filters"
    save_drawing(
        folder,
        stem,
        lambda narrow: draw_filters(filters, patches, narrow),
        "First-layer filters, and beside each the test patches that excite it most.",
    )
    print(folder / f"{stem}.png")
    return filters


def _draw_maps(folder: Path, network: Network) -> None:
    import jax
    import jax.numpy as jnp

    from lib.report.figure import save_drawing
    from lib.report.filter_sheet import draw_maps

    layers, image = network.layers, network.images[PICTURE.value]
    values = jax.jit(layers.apply)(network.params, jnp.asarray(image[None]))
    named = [
        (name, np.asarray(value[0]))
        for name, value in zip(layers.names, values, strict=True)
        if value.ndim == 4
    ]
    stem = f"{RUN.value}-maps"
    save_drawing(
        folder,
        stem,
        lambda narrow: draw_maps(image, named, narrow),
        "Feature maps of one test picture, layer by layer.",
    )
    print(folder / f"{stem}.png")


def _layer_place(network: Network) -> int:
    """The place of --layer among the layers; the last of maps where none is named."""
    from lib.window import WHOLE

    names, windows = network.layers.names, network.layers.windows
    maps = [name for name, own in zip(names, windows, strict=True) if WHOLE not in own]
    if LAYER.value and LAYER.value not in maps:
        raise UserError(f"--layer: unknown {LAYER.value!r}{nearest(LAYER.value, maps)}")
    return names.index(LAYER.value or maps[-1])


def _field(network: Network, place: int) -> "Field":
    from lib.probe.filters import measure_field

    layers, images = network.layers, network.images[:_FIELD_PICTURES]
    field = measure_field(layers, place, network.params, images)
    return field._replace(layer=f"{network.name}, {field.layer}")


def _besides(store: Path) -> dict[str, list[float]]:
    found = [_beside(store, run_id) for run_id in BESIDE.value]
    return {label: norms for label, norms in found}


def _beside(store: Path, run_id: str) -> tuple[str, list[float]]:
    """A recurrent run's name and its norms by lag, after training."""
    from lib import load_run
    from lib.gradient import check_recurrent
    from lib.probe.gradient import gradient_norms
    from lib.program import make_hparams, make_program

    loaded = load_run(store, run_id)
    config, name = loaded.config, loaded.config.model["name"]
    who = f"--beside: {run_id}, a {name}"
    if loaded.task.system != "images" or loaded.task.interface.image:
        raise UserError(f"{who}: needs a run that reads pictures as sequences")
    check_recurrent(who, loaded.model)
    norms = gradient_norms(make_program(config))(make_hparams(config), loaded.params)
    return f"{name} on {config.task['name']}, |∂E/∂hₜ|", norms


def _draw_field(
    folder: Path, field: "Field", recurrent: dict[str, list[float]]
) -> None:
    from lib.report.figure import save_drawing
    from lib.report.filter_sheet import draw_field

    stem = f"{RUN.value}-field"
    save_drawing(
        folder,
        stem,
        lambda narrow: draw_field(field, recurrent, narrow),
        "Effective receptive field as a picture, and against positions back.",
    )
    print(folder / f"{stem}.png")


def _write(
    folder: Path,
    filters: np.ndarray,
    field: "Field",
    recurrent: dict[str, list[float]],
) -> None:
    from lib.report.file import replace_file

    short = lambda values: [float(f"{v:.5g}") for v in np.ravel(values)]
    record = {
        "run": RUN.value,
        "filters": {"shape": filters.shape, "values": short(filters)},
        "field": {
            "layer": field.layer,
            "shape": field.values.shape,
            "values": short(field.values),
            "window": {"rows": field.rows, "columns": field.columns},
            "positions_back": short(field.back),
            "furthest_back": field.furthest,
        },
        "beside": {label: short(norms) for label, norms in recurrent.items()},
    }
    replace_file(folder / f"{RUN.value}.json", json.dumps(record).encode())


if __name__ == "__main__":
    run(main)
