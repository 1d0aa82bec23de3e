"""How the gradient's way back through time changes while a run trains."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lib.gradient import carry_gradient_norms
from lib.program import Program, make_task
from lib.train import Hparams
from lib.types import Batch, Params

_NUM_EXAMPLES = 32
_SEED = 32

Norms = Callable[[Hparams, Params], list[float]]

_MADE: dict[tuple[str, int], Norms] = {}


def gradient_norms(program: Program, length: int = 0) -> Norms:
    """|dE_T/dh_{T-k}| for k = 1, 2, ..., on fixed examples of the validation split.

    At the training length where none is given. See lib.gradient. A process compiles
    this once for all runs of a program.
    """
    size = length or program.config.task["length"]
    key = program.key, size
    if key not in _MADE:
        _MADE[key] = _make(program, size)
    return _MADE[key]


def gradient_row(program: Program, hparams: Hparams, params: Params) -> dict[str, Any]:
    """One run's record of the norms, up to the lag that its config asks for."""
    most = program.config.evaluation.gradient_lags
    norms = gradient_norms(program)(hparams, params)[:most]
    return {"split": "gradient", "norms": [float(f"{norm:.5g}") for norm in norms]}


def _make(program: Program, length: int) -> Norms:
    task = make_task(program.config, "validation", _NUM_EXAMPLES, length)

    @jax.jit
    def draw(data: Any) -> Batch:
        return task.sample(jax.random.key(_SEED), data, jnp.int32(task.max_length))

    batch = functools.cache(lambda: draw(task.data))

    @jax.jit
    def norms(hparams: Hparams, params: Params, batch: Batch) -> jax.Array:
        return carry_gradient_norms(
            program.make_model(hparams), params, batch, task.loss
        )

    return lambda hparams, params: np.asarray(
        norms(hparams, params, batch()), np.float64
    ).tolist()
