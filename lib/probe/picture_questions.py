"""Questions about pictures: what simple predictors reach, and a few answers to see.

Floors stand beside every score: the most frequent answer, the best answer to each
question whatever the picture, and to each picture whatever the question. A few test
questions are kept with their pictures, right and wrong ones, with where the model
looked if it says so.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from lib.data.question import END
from lib.picture import encode_png
from lib.program import Program
from lib.tasks.scene_questions import NAME, scene_floors
from lib.train import Hparams, eval_batch, evaluation_key, predict
from lib.types import Batch, Params, Task

Probe = Callable[[Hparams, Params], dict[str, Any]]

_DRAWN = 4  # batches that examples are looked for in


def make_floor_probe(program: Program) -> Probe:
    """The floors by metric, in the unit of the task's accuracy."""
    task, settings = program.test, program.config.task
    found = task.facts.get("floors")
    if found is None and settings["name"] == NAME:
        found = scene_floors(settings)
    floors = {name: dict(values) for name, values in (found or {}).items()}
    return lambda hparams, params: {"floors": floors}


def make_picture_answer_probe(program: Program) -> Probe | None:
    """`evaluation.num_answers` questions answered right, and as many wrong."""
    count = program.config.evaluation.num_answers
    if not count:
        return None
    task = program.test
    length = jnp.int32(program.config.task["length"])
    key = evaluation_key("test")

    @jax.jit
    def answer(hparams: Hparams, params: Params, data: PyTree, index: Array) -> Any:
        model = program.make_model(hparams)
        batch = eval_batch(task, data, key, index, length)
        outputs = predict(model, params, batch.inputs, None)
        looks = model.looks(params, batch.inputs) if model.looks else None
        return batch, jax.nn.softmax(outputs, axis=-1), looks

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        kept: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for index in range(min(_DRAWN, task.eval_batches or _DRAWN)):
            found = answer(hparams, params, task.data, jnp.int32(index))
            batch, probabilities, looks = jax.device_get(found)
            for entries, own in zip(
                kept.values(),
                _by_verdict(batch, probabilities),
                strict=True,
            ):
                for row in _spread(own, batch, count - len(entries)):
                    entry = _entry(row, batch, probabilities, looks, task)
                    entries.append(entry)
        return {"picture_answers": kept[True] + kept[False]}

    return probe


def _by_verdict(
    batch: Batch, probabilities: Float[np.ndarray, "B T V"]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are answered right, and those answered wrong."""
    asked = batch.mask.any(axis=1)
    said = probabilities.argmax(axis=-1)
    if isinstance(batch.targets, Mapping):  # answers right in part
        # What no class stands for has no answer to show beside the model's.
        asked = asked & batch.targets["known"]
        end = batch.mask.argmax(axis=1)
        own = said[np.arange(len(said)), end][:, None]
        worth = ((own == batch.targets["answers"]) * batch.targets["credit"]).sum(1)
        right = worth >= 0.5
    else:
        right = ~((said != batch.targets) & (batch.mask > 0)).any(axis=1)
    return np.flatnonzero(asked & right), np.flatnonzero(asked & ~right)


def _spread(rows: np.ndarray, batch: Batch, count: int) -> list[int]:
    """Some of the rows: questions that begin differently, of different pictures."""
    per_picture = len(batch.mask) // len(batch.inputs["image"])
    starts, pictures, chosen = set(), set(), []
    for strict in (True, False):
        for row in rows.tolist():
            if len(chosen) >= max(count, 0):
                return chosen
            tokens, size = batch.inputs["tokens"][row], batch.mask[row].argmax()
            start = (*tokens[:2].tolist(), int(tokens[max(size - 1, 0)]), int(size))
            picture = batch.inputs["image"][row // per_picture].tobytes()
            known = start in starts or picture in pictures
            if (
                row in chosen
                or (strict and known)
                or (not strict and picture in pictures)
            ):
                continue
            starts.add(start)
            pictures.add(picture)
            chosen.append(row)
    return chosen


def _entry(
    row: int,
    batch: Batch,
    probabilities: Float[np.ndarray, "B T V"],
    looks: Float[np.ndarray, "B S h w"] | None,
    task: Task,
) -> dict[str, Any]:
    per_picture = len(batch.mask) // len(batch.inputs["image"])
    image = batch.inputs["image"][row // per_picture]
    places = np.flatnonzero(batch.mask[row] > 0)
    names = _names(task)
    own = probabilities[row, places]
    said = own.argmax(axis=-1)
    size = int(places[0]) + 1
    spoken = lambda numbers: " ".join(names[n] for n in numbers if names[n] != END)
    targets = batch.targets
    wanted = targets["label"] if isinstance(targets, Mapping) else targets
    entry = {
        "picture": encode_png(np.rint(255 * image).astype(np.uint8)),
        "question": " ".join(
            task.symbols[t] for t in batch.inputs["tokens"][row, :size]
        ),
        "wanted": spoken(wanted[row, places].tolist()),
        "said": spoken(said.tolist()),
        "probability": float(own.max(axis=-1).prod()),
    }
    if looks is not None:
        entry["looks"] = [
            [[round(float(w), 4) for w in r] for r in m] for m in looks[row]
        ]
    return entry


def _names(task: Task) -> tuple[str, ...]:
    """What each output stands for: a class, or a word."""
    spoken = task.interface.output_size == len(task.symbols)
    return task.symbols if spoken else task.classes
