"""What a language model still uses of its past, and what it writes.

The context, the passage and the run on own samples read validation text.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from lib.context import context_loss
from lib.data.address import mask_addresses, mask_pieces
from lib.data.symbol import END, decode
from lib.free_running import free_running_loss
from lib.generate import generate, sampler
from lib.program import Program, make_task
from lib.train import Hparams, predict
from lib.types import Params

_CONTEXT_SEED = 30
_SAMPLE_SEED = 31
_FREE_RUNNING_SEED = 32
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


def make_free_running_probe(program: Program) -> Probe | None:
    """Losses over a run of n symbols after n real ones: of true pasts, of own samples.

    Means over as many windows as the contexts are measured at, in nats a symbol.
    """
    evaluation = program.config.evaluation
    count = evaluation.free_running
    if not count:
        return None
    size = 2 * count - 1  # inputs of a window; its last target makes 2 n symbols
    task = make_task(program.config, "validation", evaluation.num_contexts, size)

    @jax.jit
    def losses(hparams: Hparams, params: Params, data: PyTree) -> tuple[Array, Array]:
        keys = jax.random.split(jax.random.key(_FREE_RUNNING_SEED), 2)
        batch = task.sample(keys[0], data, jnp.int32(size))
        text = jnp.concatenate([batch.inputs, batch.targets[:, -1:]], axis=1)
        model = program.make_model(hparams)
        return free_running_loss(model, params, text, count, keys[1])

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        forced, free = losses(hparams, params, task.data)
        found = {
            "read": count,
            "windows": evaluation.num_contexts,
            "forced": np.asarray(forced).tolist(),
            "free": np.asarray(free).tolist(),
        }
        return {"free_running": found}

    return probe


def make_passage_probe(program: Program) -> Probe | None:
    """The loss of each symbol of the first ones of the validation text, in nats."""
    size = program.config.evaluation.passage
    if not size:
        return None
    task = make_task(program.config, "validation", 1, size)

    batch_at = task.batch_at
    assert batch_at is not None, "a text can be read from its beginning"

    @jax.jit
    def losses(hparams: Hparams, params: Params, data: PyTree) -> tuple[Array, ...]:
        batch = batch_at(data, jnp.int32(0), jnp.int32(size))
        outputs = predict(program.make_model(hparams), params, batch.inputs, None)
        log_p = jax.nn.log_softmax(outputs[0])
        picked = jnp.take_along_axis(log_p, batch.targets[0][:, None], axis=1)
        return batch.inputs[0, :1], batch.targets[0], -picked[:, 0]

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        first, targets, nats = losses(hparams, params, task.data)
        tokens = np.concatenate([first, targets]).tolist()
        symbols = _without_addresses([task.symbols[t] for t in tokens], task.separator)
        found = {"symbols": symbols, "nats": np.asarray(nats).tolist()}
        return {"passage": {**found, "separator": task.separator}}

    return probe


def make_sample_probe(program: Program) -> Probe | None:
    """Text written after a line break, at a fixed temperature and key."""
    length, symbols = program.config.evaluation.sample_length, program.task.symbols
    separator = program.task.separator
    if not length:
        return None
    end = END if separator else "\n"
    start = symbols.index(end) if end in symbols else 0

    @jax.jit
    def write(hparams: Hparams, params: Params, prompt: Array, key: Array) -> Array:
        model = program.make_model(hparams)
        chooser = sampler(jnp.float32(_SAMPLE_TEMPERATURE))
        return generate(model, params, prompt, length, chooser, key)

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        prompt = jnp.full((1, 1), start, jnp.int32)
        tokens = write(hparams, params, prompt, jax.random.key(_SAMPLE_SEED))
        text = decode(np.asarray(tokens[0]), symbols, separator)
        return {"sample": mask_addresses(text)}  # learned by heart, perhaps

    return probe


def _without_addresses(symbols: list[str], separator: str) -> list[str]:
    pieces = [piece for symbol in symbols for piece in (symbol, separator)]
    return mask_pieces(pieces)[::2]
