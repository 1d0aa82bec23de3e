"""Which classes a model takes for which, and what each word of a few texts did."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from lib.data.classification import corpus_of
from lib.data.labelled import fixed_order
from lib.evidence import evidence_entry, make_course, read_text
from lib.program import Program, make_hparams
from lib.train import Hparams, predict
from lib.types import Params

Probe = Callable[[Hparams, Params], dict[str, Any]]

_SIZES = (12, 160)  # symbols of a text that is worth showing


def make_confusion_probe(program: Program) -> Probe | None:
    """counts[i][j]: texts of class i answered j, read up to the training length."""
    task, length = program.test, jnp.int32(program.config.task["length"])
    at = task.batch_at
    assert at is not None, "labelled texts are tiled"

    @jax.jit
    def answers(hparams: Hparams, params: Params, data: PyTree, index: Array) -> Any:
        batch = at(data, index, length)
        outputs = predict(program.make_model(hparams), params, batch.inputs, None)
        answered = jnp.argmax(outputs, axis=-1).astype(jnp.int32)
        scored = batch.mask.astype(jnp.int32)
        last = lambda x: jnp.sum(x * scored, axis=1)
        return last(batch.targets), last(answered), jnp.sum(scored, axis=1)

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        size = len(task.classes)
        counts = np.zeros((size, size), int)
        for index in range(task.eval_batches):
            found = answers(hparams, params, task.data, jnp.int32(index))
            np.add.at(counts, tuple(map(np.asarray, found[:2])), np.asarray(found[2]))
        return {"confusion": {"classes": list(task.classes), "counts": counts.tolist()}}

    return probe


def make_evidence_probe(program: Program) -> Probe | None:
    """Test texts of a fitting size in a fixed order, right and wrong ones by turns."""
    num_texts = program.config.evaluation.num_evidence
    if not num_texts:
        return None
    task = program.test
    corpus, unit = corpus_of(task.facts["texts"]), task.facts["unit"]
    low, high = _SIZES if unit == "word" else (5 * _SIZES[0], 5 * _SIZES[1])
    most = min(high, program.config.task["length"])
    # The runs of a program differ in scalars that training alone looks at.
    model = program.make_model(make_hparams(program.config))
    course = make_course(model, most)
    texts, labels = corpus.splits["test"]
    order = fixed_order(texts, "evidence")

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        del hparams
        wanted, entries = [True, False] * num_texts, []
        for place in order:
            if len(entries) == num_texts:
                break
            label = int(labels[place])
            reading = read_text(texts[place], task.symbols, unit, most)
            if not low <= reading.size <= most:
                continue
            found = course(params, reading.tokens)
            is_right = bool(found[-1].argmax() == label)
            if is_right == wanted[len(entries)]:
                target = task.classes[label]
                entries.append(
                    evidence_entry(reading, found, task.classes, unit, target)
                )
        return {"evidence": entries}

    return probe
