"""What a trained model of pictures makes of ones that are moved or turned."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from lib.error import UserError
from lib.invariance import DIRECTIONS, TOLERANCE, Changed, changed_by_shift
from lib.ops.motion import rotate, shift
from lib.program import Program
from lib.train import Hparams, predict
from lib.types import Batch, Layers, Model, Params

NUM_PICTURES = 1024  # of the test split, spread over it evenly

Measure = Callable[[Hparams, Params], dict[str, Any]]
Move = Callable[[Array, Array], Array]


def make_invariance_probe(program: Program) -> Measure | None:
    """Accuracy by shift and by turn, where the config asks for some of either."""
    asked = program.config.evaluation
    if not asked.shifts and not asked.rotations:
        return None
    measure = make_invariance(program, asked.shifts, asked.rotations)
    return lambda hparams, params: {"invariance": measure(hparams, params)}


def layers_of(who: str, model: Model) -> Layers:
    """The layers of a model of pictures. Raises UserError where there are none."""
    if model.layers is None:
        raise UserError(f"{who}: needs a model that shows its layers of filters")
    return model.layers


def make_invariance(
    program: Program,
    shifts: Sequence[int],
    rotations: Sequence[int],
    num_pictures: int = NUM_PICTURES,
) -> Measure:
    """Accuracy and the share of units that change, at distances in pixels and degrees.

    Accuracies are means over four directions, and over turns to both sides; distance 0
    is the picture as it is. Layers are measured at the shifts alone.
    """
    task, batches = program.test, _spread(program, num_pictures)
    at = task.batch_at
    assert at is not None, "pictures are tiled"
    distances = jnp.asarray(shifts, jnp.int32)
    steps = np.asarray(
        [(0, 0), *((r * n, c * n) for n in shifts for r, c in DIRECTIONS)], np.int32
    )
    turns = np.asarray([0, *(s * d for d in rotations for s in (1, -1))], np.float32)

    @jax.jit
    def correct(hparams: Hparams, params: Params, data: PyTree, index: Array) -> Any:
        model, batch = program.make_model(hparams), at(data, index, _side(program))
        count = lambda images: _num_correct(model, params, batch, images)
        moved = jax.lax.map(
            lambda s: count(shift(batch.inputs, s[0], s[1])), jnp.asarray(steps)
        )
        turned = jax.lax.map(
            lambda d: count(rotate(batch.inputs, d)), jnp.asarray(turns)
        )
        return moved, turned, jnp.sum(batch.mask)

    @jax.jit
    def changed(hparams: Hparams, params: Params, data: PyTree, index: Array) -> Any:
        layers = program.make_model(hparams).layers
        assert layers is not None, "checked by who asks"
        images = at(data, index, _side(program)).inputs
        return changed_by_shift(layers, params, images, distances)

    def measure(hparams: Hparams, params: Params) -> dict[str, Any]:
        total = _sum(correct(hparams, params, task.data, i) for i in batches)
        moved, turned, pictures = total
        found: dict[str, Any] = {
            "num_pictures": int(pictures),
            "tolerance": TOLERANCE,
            "shift": _by_distance(shifts, moved / pictures),
            "rotation": _by_distance(rotations, turned / pictures),
        }
        layers = program.make_model(hparams).layers
        if layers is not None and shifts:
            sums = _sum(changed(hparams, params, task.data, i) for i in batches)
            names = ("picture", *layers.names)
            pairs = zip(names, sums, strict=True)
            found["layers"] = [_layer(name, shifts, sums) for name, sums in pairs]
        return found

    return measure


def _num_correct(
    model: Model, params: Params, batch: Batch, images: Float[Array, "B H W C"]
) -> Float[Array, ""]:
    answered = jnp.argmax(predict(model, params, images, None), axis=-1)
    right = answered.astype(jnp.int32) == batch.targets
    return jnp.sum(right * batch.mask)


def _spread(program: Program, num_pictures: int) -> list[Array]:
    """Batches of the test split that hold about so many pictures, evenly spread."""
    task, size = program.test, program.config.evaluation.batch_size
    count = min(task.eval_batches, max(1, -(-num_pictures // size)))
    return [jnp.int32(i * task.eval_batches // count) for i in range(count)]


def _side(program: Program) -> Array:
    return jnp.int32(program.test.max_length)


def _sum(parts: Any) -> Any:
    parts = [jax.device_get(part) for part in parts]
    return jax.tree.map(lambda *leaves: np.sum(np.stack(leaves), axis=0), *parts)


def _by_distance(distances: Sequence[int], values: np.ndarray) -> dict[str, float]:
    """Means over the directions of each distance, five digits; 0 comes first."""
    rest = values[1:].reshape(len(distances), -1).mean(axis=1) if distances else []
    pairs = zip((0, *distances), (values[0], *rest), strict=True)
    return {str(distance): round(float(value), 5) for distance, value in pairs}


def _layer(name: str, shifts: Sequence[int], sums: Changed) -> dict[str, Any]:
    by_shift = lambda values: {
        str(n): round(float(v), 5) for n, v in zip(shifts, values, strict=True)
    }
    return {
        "name": name,
        "changed": by_shift(sums.changed / np.maximum(sums.active, 1)),
        "changed_of_all": by_shift(sums.changed / sums.units),
    }
