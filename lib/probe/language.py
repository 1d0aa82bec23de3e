"""What a language model still uses of its past, and what it writes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from lib.context import context_loss
from lib.data.symbol import decode
from lib.generate import generate, sampler
from lib.program import Program, make_task
from lib.train import Hparams
from lib.types import Params

_CONTEXT_SEED = 30
_SAMPLE_SEED = 31
_SAMPLE_TEMPERATURE = 0.8

Probe = Callable[[Hparams, Params], dict[str, Any]]


def make_context_probe(program: Program) -> Probe | None:
    """The loss of models that see only the last k symbols, at fixed positions."""
    evaluation = program.config.evaluation
    if not evaluation.contexts:
        return None
    size = max(evaluation.contexts)
    task = make_task(program.config, "validation", evaluation.num_contexts, size)

    @jax.jit
    def loss(hparams: Hparams, params: Params, data: PyTree, context: Array) -> Array:
        batch = task.sample(jax.random.key(_CONTEXT_SEED), data, jnp.int32(size))
        model = program.make_model(hparams)
        return context_loss(model, params, batch.inputs, batch.targets[:, -1], context)

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        at = lambda k: float(loss(hparams, params, task.data, jnp.int32(k)))
        return {"context": {str(k): at(k) for k in evaluation.contexts}}

    return probe


def make_sample_probe(program: Program) -> Probe | None:
    """Text written after a line break, at a fixed temperature and key."""
    length, symbols = program.config.evaluation.sample_length, program.task.symbols
    if not length:
        return None
    start = symbols.index("\n") if "\n" in symbols else 0

    @jax.jit
    def write(hparams: Hparams, params: Params, prompt: Array, key: Array) -> Array:
        model = program.make_model(hparams)
        chooser = sampler(jnp.float32(_SAMPLE_TEMPERATURE))
        return generate(model, params, prompt, length, chooser, key)

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        prompt = jnp.full((1, 1), start, jnp.int32)
        tokens = write(hparams, params, prompt, jax.random.key(_SAMPLE_SEED))
        return {"sample": decode(np.asarray(tokens[0]), symbols)}

    return probe
