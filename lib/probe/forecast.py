"""What a trained run forecasts, beside the truth: one step ahead, and running free."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PyTree

from lib.data.series_split import base_offsets
from lib.program import Program
from lib.train import Hparams, predict
from lib.types import Model, Params

_MOST_ORIGINS = 288  # of the test split, one step ahead: twelve days of hours
_MOST_CONTEXT = 96  # rows of the example's window that are kept
_DIGITS = 4  # of what is kept for a figure

Probe = Callable[[Hparams, Params], dict[str, Any]]


def make_forecast_probe(program: Program) -> Probe | None:
    """The probe of a task that has one."""
    makers = {"sine": _sine, "series": _series, "jsb_chorales": _chorale}
    maker = makers.get(program.config.task["name"])
    return None if maker is None else maker(program)


def free_run(
    model: Model, params: Params, seen: Float[Array, "N D"], num_steps: int
) -> Float[Array, "K D"]:
    """The next K values after those seen, each prediction read as the next input."""

    def read(carry: PyTree, x: Array) -> tuple[PyTree, Array]:
        return model.step(params, carry, x[None])

    def go(state: tuple[PyTree, Array], _: None) -> tuple[PyTree, Array]:
        carry, y = state
        return model.step(params, carry, y), y[0]

    carry, outputs = lax.scan(read, model.initial(params, seen[None]), seen)
    return lax.scan(go, (carry, outputs[-1]), length=num_steps)[1]


def _sine(program: Program) -> Probe:
    """One step ahead along the whole series, and free from the end of training on."""
    facts = program.test.facts
    num_train, num_points = facts["train_points"], facts["num_points"]

    @jax.jit
    def run(hparams: Hparams, params: Params, points: Array) -> tuple[Array, Array]:
        model = program.make_model(hparams)
        one_step = predict(model, params, points[None, :-1, None], None)[0, :, 0]
        seen = points[:num_train, None]
        free = free_run(model, params, seen, num_points - num_train)
        return one_step, free[:, 0]

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        points = program.test.data["points"]
        one_step, free = run(hparams, params, points)
        errors = np.square(np.asarray(free) - np.asarray(points)[num_train:])
        return {
            "forecast": {
                "kind": "sine",
                "truth": _plain(points),
                "one_step": _plain(one_step),  # of the points after the first
                "free": _plain(free),  # of the points after the training part
                "free_mse": float(errors.mean()),
            }
        }

    return probe


def _series(program: Program) -> Probe:
    """The first row ahead from consecutive origins, and one whole forecast."""
    task = program.test
    facts, length = task.facts, _length(program)
    horizon, num_columns = facts["horizon"], len(facts["columns"])
    num_origins = min(facts["num_origins"], _MOST_ORIGINS)

    @jax.jit
    def last_outputs(
        hparams: Hparams, params: Params, data: PyTree, index: Array
    ) -> Array:
        assert task.batch_at is not None
        batch = task.batch_at(data, index, jnp.int32(length))
        outputs = predict(program.make_model(hparams), params, batch.inputs, None)
        return outputs[:, length - 1]

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        values = np.asarray(task.data["values"])  # [N, C]
        origins = int(task.data["first"]) + np.arange(num_origins)
        indices = range(-(-num_origins // program.config.evaluation.batch_size))
        found = [
            last_outputs(hparams, params, task.data, jnp.int32(i)) for i in indices
        ]
        changes = np.concatenate(found)[:num_origins]
        changes = changes.reshape(num_origins, horizon, num_columns)

        def based(base: Any) -> np.ndarray:
            offsets = base_offsets(base, horizon, facts["season"] or 1)
            return values[origins[:, None] + offsets]

        relative_to = facts["relative_to"]
        forecasts = changes + (0 if relative_to == "zero" else based(relative_to))
        middle = num_origins // 2
        ahead = np.arange(1, horizon + 1)
        trivial = {"last": _plain(based("last")[middle])}
        if facts["season"]:
            trivial["season"] = _plain(based("season")[middle])
        context = slice(
            origins[middle] + 1 - min(length, _MOST_CONTEXT), origins[middle] + 1
        )
        return {
            "forecast": {
                "kind": "series",
                "first_row": int(origins[0]) + 1,  # of the rows below, in the file
                "truth": _plain(values[origins + 1]),
                "one_step": _plain(forecasts[:, 0]),
                "example": {
                    "row": int(origins[middle]) + 1,
                    "context": _plain(values[context]),
                    "truth": _plain(values[origins[middle] + ahead]),
                    "forecast": _plain(forecasts[middle]),
                    "trivial": trivial,
                },
            }
        }

    return probe


def _chorale(program: Program) -> Probe:
    """The first test piece, and the probability of each key in each frame."""
    task, length = program.test, _length(program)

    @jax.jit
    def run(hparams: Hparams, params: Params, data: PyTree) -> tuple[Array, Array]:
        assert task.batch_at is not None
        batch = task.batch_at(data, jnp.int32(0), jnp.int32(length))
        inputs = batch.inputs[:1]
        outputs = predict(program.make_model(hparams), params, inputs, None)
        return batch.targets[0], jax.nn.sigmoid(outputs[0])

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        targets, chance = run(hparams, params, task.data)
        size = min(int(task.data["sizes"][0]) - 1, length)
        return {
            "forecast": {
                "kind": "chorale",
                "truth": np.asarray(targets[:size], np.int64).tolist(),
                "chance": np.round(np.asarray(chance[:size], np.float64), 3).tolist(),
            }
        }

    return probe


def _length(program: Program) -> int:
    """Inputs of a tested example."""
    return program.config.evaluation.window or program.config.task["length"]


def _plain(values: Any) -> list[Any]:
    """Rounded numbers as nested lists."""
    return np.round(np.asarray(values, np.float64), _DIGITS).tolist()
