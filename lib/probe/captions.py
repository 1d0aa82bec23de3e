"""What a model says of the pictures of its test split, and how much of it is right.

Captions are written greedily, a batch of pictures at once. Of generated scenes each is
marked against the scene itself (lib.tasks.scene_score); all are compared with reference
captions: the share that is the same word for word, BLEU-4 (Papineni et al. 2002, by
sacrebleu over the words as they are) and CIDEr-D.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from lib.caption import Caption, caption_of, write_captions
from lib.cider import cider
from lib.config import Config
from lib.data.caption import BEGIN
from lib.data.coco_captions import pictures_of
from lib.data.question import END
from lib.picture import encode_png
from lib.program import Program, make_task
from lib.tasks.scene import Thing, things_of
from lib.tasks.scene_floor import blind_caption
from lib.tasks.scene_score import PARTS, Count, Marks, f1, mark
from lib.tasks.scenes import make_drawer
from lib.train import Hparams, evaluation_key
from lib.types import Params, Split, Task

_LEARNED = 1000  # training pictures that are captioned too: what is known by heart

Probe = Callable[[Hparams, Params], dict[str, Any]]
Words = tuple[str, ...]


class Example(NamedTuple):
    """A picture, what people or the grammar say of it, and a scene's shapes."""

    image: Any  # float [H, W, C]
    references: tuple[Words, ...]
    things: tuple[Thing, ...] = ()


def make_caption_probe(program: Program) -> Probe:
    """Captions of the test split, their marks, and a few to show."""
    config, symbols = program.config, program.test.symbols
    begin, end = symbols.index(BEGIN), symbols.index(END)
    size = config.evaluation.batch_size
    splits: dict[Split, list[Example]] = {"test": list(_examples(program, "test"))}
    if config.task["name"] != "scenes":
        splits["train"] = list(islice(_examples(program, "train"), _LEARNED))

    @jax.jit
    def write(hparams: Hparams, params: Params, images: Array) -> tuple[Array, Array]:
        model = program.make_model(hparams)
        return write_captions(model, params, images, begin, program.test.max_length)

    def captions(
        hparams: Hparams, params: Params, examples: Sequence[Example]
    ) -> list[Caption]:
        found = []
        for first in range(0, len(examples), size):
            images = np.stack([e.image for e in examples[first : first + size]])
            rest = np.zeros((size - len(images), *images.shape[1:]), images.dtype)
            written = jax.device_get(
                write(hparams, params, np.concatenate([images, rest]))
            )
            for tokens, log_p in zip(*written, strict=True):
                found.append(caption_of(tokens, log_p, symbols, end))
        return found[: len(examples)]

    def probe(hparams: Hparams, params: Params) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for split, examples in splits.items():
            said = captions(hparams, params, examples)
            found = describe(said, examples, config)
            found["shown"] = _shown(said, examples, config)
            result[split] = found
        # The test split's numbers stand by themselves; training's are told apart.
        return {"captions": {**result.pop("test"), **result}}

    return probe


def describe(
    said: Sequence[Caption], examples: Sequence[Example], config: Config
) -> dict[str, Any]:
    """The numbers of a split: likeness to references, and of scenes their meaning."""
    found = likeness([c.words for c in said], [e.references for e in examples])
    if not examples[0].things:
        return found
    side, details = config.task["side"], config.task["num_details"]
    marks = [
        mark(c.words, e.things, side, details)
        for c, e in zip(said, examples, strict=True)
    ]
    blind, floor = blind_caption(
        [e.things for e in examples[:_FLOOR_SCENES]], side, details
    )
    counts = [len(e.things) for e in examples]
    by_shapes = {
        str(n): meaning([m for m, k in zip(marks, counts, strict=True) if k == n])
        for n in sorted(set(counts))
    }
    return {
        **found,
        **meaning(marks),
        "floor": {"caption": blind, "meaning": floor},
        "by_shapes": by_shapes,
    }


_FLOOR_SCENES = 512


def likeness(
    said: Sequence[Words], references: Sequence[tuple[Words, ...]]
) -> dict[str, float]:
    """How like the references captions are; their end token does not count."""
    from sacrebleu.metrics.bleu import BLEU

    plain = [_plain(words) for words in said]
    given = [[_plain(words) for words in row] for row in references]
    most = max(map(len, given))
    # One row a reference; None where a picture has fewer: "" would be one of no words.
    streams: Any = [
        [" ".join(row[i]) if i < len(row) else None for row in given]
        for i in range(most)
    ]
    bleu = BLEU(tokenize="none", force=True)
    texts = [" ".join(words) for words in plain]
    exact = [words in row for words, row in zip(plain, given, strict=True)]
    return {
        "num": len(said),
        "exact": float(np.mean(exact)),
        "bleu": bleu.corpus_score(texts, streams).score,
        "cider": cider(plain, given),
    }


def meaning(marks: Sequence[Marks]) -> dict[str, Any]:
    """Means over pictures, and the facts of each part over all of them."""
    mean = lambda values: float(np.mean(list(values)))
    parts = {}
    for name in PARTS:
        total = Count(*np.sum([m.parts[name] for m in marks], axis=0).tolist())
        if total.told or total.wanted:
            parts[name] = {**total._asdict(), "f1": f1([total])}
    return {
        "pictures": len(marks),
        "meaning": mean(m.meaning for m in marks),
        "complete": mean(m.meaning == 1 for m in marks),
        "grammatical": mean(m.grammatical for m in marks),
        "missed": mean(m.missed for m in marks),
        "invented": mean(m.invented for m in marks),
        "parts": parts,
    }


def _plain(words: Words) -> Words:
    return words[:-1] if words and words[-1] == END else words


def _shown(
    said: Sequence[Caption], examples: Sequence[Example], config: Config
) -> list[dict[str, Any]]:
    """A few pictures with their captions: half of them wrong ones, if there are."""
    count = config.evaluation.num_answers
    shown = []
    for caption, example in zip(said, examples, strict=True):
        right = _plain(caption.words) in map(_plain, example.references)
        faults: tuple[str, ...] = ()
        if example.things:
            side, details = config.task["side"], config.task["num_details"]
            marks = mark(caption.words, example.things, side, details)
            right, faults = marks.meaning == 1, marks.faults
        shown.append((right, faults, caption, example))
    order = [row for row in shown if not row[0]][: count // 2]
    order = [row for row in shown if row[0]][: count - len(order)] + order
    return [
        {
            "picture": encode_png(np.round(255 * example.image).astype(np.uint8)),
            "said": " ".join(caption.words),
            "log_probability": caption.log_probability,
            "reference": " ".join(example.references[0]),
            "right": bool(right),
            "faults": list(faults),
        }
        for right, faults, caption, example in order
    ]


def _examples(program: Program, split: Split) -> Iterator[Example]:
    """The examples of a split, the same for every run."""
    if program.config.task["name"] == "scenes":
        return _scenes(program)
    return _pictures(make_task(program.config, split))


def _scenes(program: Program) -> Iterator[Example]:
    """The scenes that the test split is scored on."""
    config = program.config
    settings = {k: v for k, v in config.task.items() if k not in ("name", "length")}
    size, length = config.evaluation.batch_size, config.task["length"]
    draw = jax.jit(make_drawer(size, length, **settings))
    symbols = program.test.symbols
    for index in range(-(-config.evaluation.num_test // size)):
        key = jax.random.fold_in(evaluation_key("test"), index)
        scene, batch = jax.device_get(draw(key, jnp.int32(length)))
        for i in range(size):
            tokens = batch.targets[i][batch.mask[i] > 0]
            reference = tuple(symbols[token] for token in tokens)
            image = batch.inputs["image"][i]
            yield Example(image, (reference,), things_of(scene, i))


def _pictures(task: Task) -> Iterator[Example]:
    """The pictures of a data set, each once, with all that was said of it."""
    for image, references in pictures_of(task):
        yield Example(image, references)
