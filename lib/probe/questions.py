"""What a model answers to a few questions of its validation split."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from lib.answer import answer_size, answer_text, decode
from lib.program import Program, make_task
from lib.train import Hparams, eval_batch, evaluation_key
from lib.types import Params

Probe = Callable[[Hparams, Params], dict[str, Any]]


def make_answer_probe(program: Program) -> Probe | None:
    """The first questions of validation, and greedy answers to them."""
    count = program.config.evaluation.num_answers
    if not count:
        return None
    task = make_task(program.config, "validation", count)
    length = jnp.int32(program.config.task["length"])
    key = evaluation_key("validation")
    draw = jax.jit(lambda data: eval_batch(task, data, key, jnp.int32(0), length))
    batch = draw(task.data)
    batch = jax.tree.map(np.asarray, batch)
    sizes = batch.mask.argmax(axis=1).astype(np.int32) + 1  # up to the answer
    symbols = task.symbols

    @jax.jit
    def answers(
        hparams: Hparams, params: Params, prompts: Int[Array, "B P"]
    ) -> tuple[Array, Array]:
        model = program.make_model(hparams)
        return decode(model, params, prompts, jnp.asarray(sizes))

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        said, log_p = jax.device_get(answers(hparams, params, batch.inputs))
        found = []
        for row, size in enumerate(sizes):
            if not batch.mask[row].any():
                continue  # beyond the end of the split
            told = [symbols[token] for token in batch.inputs[row, :size]]
            wanted = batch.targets[row][batch.mask[row] > 0]
            spoken = answer_size(said[row], symbols)
            found.append(
                {
                    "text": " ".join(told),
                    "wanted": answer_text(wanted, symbols),
                    "said": answer_text(said[row], symbols),
                    "probability": float(np.exp(log_p[row, :spoken].sum())),
                }
            )
        return {"answers": found}

    return probe
