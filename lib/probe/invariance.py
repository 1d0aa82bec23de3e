"""What a trained model of pictures makes of ones that are moved or turned."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PyTree

from lib.error import UserError
from lib.invariance import (
    TOLERANCE,
    Changed,
    changed_by_move,
    share,
    shift_by,
    shift_steps,
    turn_steps,
)
from lib.ops.motion import rotate
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

    Means over four directions, and over turns to both sides; an accuracy at distance 0
    is that on the pictures as they are.
    """
    task, batches = program.test, _spread(program, num_pictures)
    moves = {
        "shift": (shifts, shift_by, shift_steps(shifts)),
        "rotation": (rotations, rotate, turn_steps(rotations)),
    }
    moves = {kind: move for kind, move in moves.items() if len(move[0])}
    counts = {kind: _counter(program, *move[1:]) for kind, move in moves.items()}

    def measure(hparams: Hparams, params: Params) -> dict[str, Any]:
        over = lambda count: _sum(count(hparams, params, task.data, i) for i in batches)
        sums = {kind: over(count) for kind, count in counts.items()}
        pictures = next(iter(sums.values())).num_pictures
        found = {"num_pictures": int(pictures), "tolerance": TOLERANCE}
        for kind, (distances, _, _) in moves.items():
            right = sums[kind].num_right / pictures
            found[kind] = _by_distance((0, *distances), right)
        layers = program.make_model(hparams).layers
        names = ("picture", *layers.names) if layers is not None else ()
        found["layers"] = [
            {"name": name}
            | {
                kind: _by_distance(distances, share(sums[kind].layers[place]))
                for kind, (distances, _, _) in moves.items()
            }
            for place, name in enumerate(names)
        ]
        return found

    return measure


class _Counts(NamedTuple):
    """Sums over the pictures of some batches."""

    num_pictures: Any
    num_right: Any  # of the pictures as they are, then at each distance
    layers: list[Changed]


def _counter(program: Program, move: Move, steps: np.ndarray) -> Callable[..., _Counts]:
    """Counts of one batch; steps [N, M, ...] are N distances in M directions."""
    at, rows = program.test.batch_at, jnp.asarray(steps)
    assert at is not None, "pictures are tiled"

    @jax.jit
    def count(hparams: Hparams, params: Params, data: PyTree, index: Array) -> _Counts:
        model, batch = program.make_model(hparams), at(data, index, _side(program))
        num_right = lambda images: _num_right(model, params, batch, images)
        moved = lax.map(
            lambda step: num_right(move(batch.inputs, step)),
            rows.reshape(-1, *rows.shape[2:]),
        )
        mean = moved.reshape(rows.shape[:2]).mean(axis=1)
        right = jnp.concatenate([num_right(batch.inputs)[None], mean])
        layers = []
        if model.layers is not None:
            counted = batch.mask[:, 0]  # not what fills up the last batch
            layers = changed_by_move(
                model.layers, params, batch.inputs, move, rows, counted
            )
        return _Counts(jnp.sum(batch.mask), right, layers)

    return count


def _num_right(
    model: Model, params: Params, batch: Batch, images: Float[Array, "B H W C"]
) -> Float[Array, ""]:
    answered = jnp.argmax(predict(model, params, images, None), axis=-1)
    right = answered.astype(jnp.int32) == batch.targets
    return jnp.sum(right.astype(jnp.float32) * batch.mask)


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
    """Numbers by distance, to five digits."""
    pairs = zip(distances, values, strict=True)
    return {str(distance): round(float(value), 5) for distance, value in pairs}
