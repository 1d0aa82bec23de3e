"""Which classes a model takes for which, and a few test pictures right and wrong."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.data.labelled import shuffled
from lib.data.picture_sequence import whole_pictures
from lib.picture import encode_png
from lib.program import Program
from lib.train import Hparams, predict
from lib.types import Params

Probe = Callable[[Hparams, Params], dict[str, Any]]

SHOWN = 8  # pictures that were answered right, and as many that were not
_NAMED = 3  # likeliest classes of each


def make_picture_probe(program: Program) -> Probe:
    """counts[i][j]: test pictures of class i answered j; and some of the pictures.

    They are the first right and wrong ones in an order that the pictures decide, each
    as a PNG in base64 with its class and its likeliest answers.
    """
    task, length = program.test, jnp.int32(program.config.task["length"])
    at = task.batch_at
    assert at is not None, "pictures are tiled"

    @jax.jit
    def answers(hparams: Hparams, params: Params, data: PyTree, index: Array) -> Any:
        batch = at(data, index, length)
        outputs = predict(program.make_model(hparams), params, batch.inputs, None)
        last: Callable[[Array], Array] = lambda x: jnp.sum(x * batch.mask[..., None], 1)
        return jax.nn.softmax(last(outputs))

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        found = [
            np.asarray(answers(hparams, params, task.data, jnp.int32(index)))
            for index in range(task.eval_batches)
        ]
        labels = np.asarray(task.data["labels"])
        chances = np.concatenate(found)[: len(labels)]
        counts = np.zeros((len(task.classes),) * 2, int)
        np.add.at(counts, (labels, chances.argmax(1)), 1)
        confusion = {"classes": list(task.classes), "counts": counts.tolist()}
        pictures = whole_pictures(np.asarray(task.data["pictures"]), task.facts)
        examples = _examples(pictures, labels, chances, task.classes)
        return {"confusion": confusion, "examples": examples}

    return probe


def _examples(
    pictures: np.ndarray,
    labels: Int[np.ndarray, " N"],
    chances: Float[np.ndarray, "N V"],
    classes: tuple[str, ...],
) -> dict[str, Any]:
    order = np.asarray(shuffled([p.tobytes() for p in pictures], "shown"))
    is_right = (chances.argmax(1) == labels)[order]
    chosen = {"right": order[is_right][:SHOWN], "wrong": order[~is_right][:SHOWN]}

    def entry(place: int) -> dict[str, Any]:
        likeliest = (-chances[place]).argsort(kind="stable")[:_NAMED].tolist()
        picture = pictures[place]
        return {
            "picture": encode_png(
                picture[..., 0] if picture.shape[-1] == 1 else picture
            ),
            "target": classes[labels[place]],
            "answers": [[classes[v], float(chances[place, v])] for v in likeliest],
        }

    return {
        kind: [entry(place) for place in places.tolist()]
        for kind, places in chosen.items()
    }
