"""COCO captions: photographs, and what five people said of each (Chen et al. 2015,
arXiv:1504.00325).

An example is a picture and one of its captions (lib.data.caption): in lower case, words
alone, those of fewer than `min_count` occurrences in training as <unknown>. Training is
train2017; the pictures of val2017 are validation and test in turn, in the order of
their ids, because COCO publishes no captions of its test pictures. Training draws a
caption at random; validation and test read every caption once.

The score is the share of words right where the true words before them are fed; its
floor, the best answer without the picture and without the words, is the commonest word
of each place. What captions written by the model are worth is told by BLEU and CIDEr.
"""

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.data.caption import FIRST, caption_batch
from lib.data.coco_file import read_coco
from lib.data.folder import published_folder
from lib.data.question import END, encode_words, split_words
from lib.error import UserError
from lib.loss import accuracy, cross_entropy
from lib.setting import Bound, Count, Size
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

Side = Annotated[int, Bound(8, 512)]
Words = tuple[str, ...]


class Examples(NamedTuple):
    """The pictures of a split, and their captions as words without END."""

    images: Any  # uint8 [N, S, S, 3], mapped from a file
    captions: tuple[tuple[Words, ...], ...]


class Corpus(NamedTuple):
    """All splits, the vocabulary of training, and a digest of all of it."""

    splits: dict[Split, Examples]
    symbols: Words
    fingerprint: str


def make_coco_captions(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    side: Side = 64,
    min_count: Size = 5,
    max_pictures: Count = 0,
    path: str = "",
) -> Task:
    """Captions of up to `length` words, END among them, of pictures of `side` pixels.

    `path` is COCO's folder or a .tar of it ('': coco_captions in $HORIZON_DATA), of
    which `max_pictures` bounds the pictures of each part that are read (0: all).
    """
    if max_length < 2:
        raise ValueError(f"coco_captions: length must be at least 2, got {max_length}.")
    place = _place(path)
    corpus = _read(place, place.stat().st_mtime_ns, side, min_count, max_pictures)
    data = _arrays(corpus, split, max_length)

    # A trainer reads every split through one task: what differs is in `data` alone.
    def captions_at(data: PyTree, place: Int[Array, " B"], length: Array) -> Batch:
        num_captions = data["tokens"].shape[0]
        inside = (place >= 0) & (place < num_captions)
        own = lambda name: data[name].at[place].get(mode="clip")
        image = data["images"][own("picture")].astype(jnp.float32) / 255
        size = jnp.where(inside, own("sizes"), 0)
        return caption_batch(image, own("tokens"), size, max_length, length)

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        most = data["tokens"].shape[0]
        place = jax.random.randint(key, (batch_size,), 0, most, jnp.int32)
        return captions_at(data, place, length)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        return captions_at(data, place, length)

    size = len(corpus.symbols)
    return Task(
        sample=sample,
        interface=Interface(size, size, size, padding=True, image=(side, side, 3)),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"accuracy": accuracy},
        score_metric="accuracy",
        floor=lambda length: _floor(data, length),
        optimum=None,
        window_score=None,
        version=1,
        data=data,
        fingerprint=corpus.fingerprint,
        system="captions",
        symbols=corpus.symbols,
        separator=" ",
        facts=_facts(corpus, side, max_length),
        eval_batches=math.ceil(len(data["tokens"]) / batch_size),
        batch_at=batch_at,
    )


def pictures_of(
    task: Task,
) -> Iterator[tuple[Float[np.ndarray, "S S 3"], tuple[Words, ...]]]:
    """Each picture of a task's split with all its captions, END at their ends."""
    images = np.asarray(task.data["images"])
    picture = np.asarray(task.data["picture"])
    rows = np.asarray(task.data["tokens"])
    sizes = np.asarray(task.data["sizes"])
    for i, image in enumerate(images):
        captions = tuple(
            tuple(task.symbols[token] for token in rows[j, : sizes[j]])
            for j in np.flatnonzero(picture == i)
        )
        yield image.astype(np.float32) / 255, captions


def _place(path: str) -> Path:
    published = published_folder()
    if path:
        place = Path(path).expanduser()
    elif published is not None:
        place = published / "coco_captions"
    else:
        raise UserError(
            "coco_captions: give task.path, COCO's folder, or set $HORIZON_DATA to the "
            "folder that coco_captions lies in"
        )
    if not place.exists():
        raise UserError(f"coco_captions: there is no {place}")
    if place.is_dir() and not (place / "annotations").is_dir():
        archives = sorted(place.glob("*.tar"))
        return archives[0] if len(archives) == 1 else place
    return place


@functools.lru_cache(maxsize=4)
def _read(
    place: Path, changed: int, side: int, min_count: int, max_pictures: int
) -> Corpus:
    del changed  # a folder that has changed is read anew
    parts, digest = read_coco(place, side, max_pictures)
    told = {
        part: tuple(tuple(map(words_of, row)) for row in found.captions)
        for part, found in parts.items()
    }
    train, held = parts["train2017"], parts["val2017"]
    if len(held.images) < 2:
        raise UserError(
            "coco_captions: val2017 needs at least 2 pictures, one to validate and one "
            f"to test; {place} has {len(held.images)}, max_pictures is {max_pictures}"
        )
    splits: dict[Split, Examples] = {
        "train": Examples(train.images, told["train2017"]),
        "validation": Examples(held.images[::2], told["val2017"][::2]),
        "test": Examples(held.images[1::2], told["val2017"][1::2]),
    }
    counts: dict[str, int] = {}
    for word in (w for row in splits["train"].captions for words in row for w in words):
        counts[word] = counts.get(word, 0) + 1
    kept = sorted(w for w in counts if counts[w] >= min_count and w not in FIRST)
    return Corpus(splits, (*FIRST, *kept), digest)


def words_of(text: str) -> Words:
    """The words of a caption in lower case, without marks."""
    return tuple(w for w in split_words(text.lower()) if any(c.isalnum() for c in w))


def _arrays(corpus: Corpus, split: Split, max_length: int) -> dict[str, Array]:
    images, captions = corpus.splits[split]
    rows, picture = [], []
    end = corpus.symbols.index(END)
    for i, row in enumerate(captions):
        for words in row:
            tokens, _ = encode_words(words, corpus.symbols)
            rows.append([*tokens, end][:max_length])
            picture.append(i)
    tokens = np.zeros((len(rows), max_length), np.int32)
    for place, row in zip(tokens, rows, strict=True):
        place[: len(row)] = row
    return {
        "images": jnp.asarray(images),
        "tokens": jnp.asarray(tokens),
        "sizes": jnp.asarray([len(row) for row in rows], jnp.int32),
        "picture": jnp.asarray(picture, jnp.int32),
    }


def _floor(data: dict[str, Array], length: int) -> float:
    """The share of words right by the commonest of each place of this split."""
    tokens, sizes = np.asarray(data["tokens"]), np.asarray(data["sizes"])
    right = total = 0
    for place in range(min(length, tokens.shape[1])):
        there = tokens[sizes > place, place]
        right += int(np.bincount(there).max(initial=0)) if len(there) else 0
        total += len(there)
    return right / total


def _facts(corpus: Corpus, side: int, max_length: int) -> dict[str, Any]:
    words = [w for row in corpus.splits["test"].captions for said in row for w in said]
    known = set(corpus.symbols)
    return {
        "side": side,
        "vocabulary_size": len(corpus.symbols),
        "num_pictures": {s: len(corpus.splits[s].captions) for s in SPLITS},
        "num_captions": {s: sum(map(len, corpus.splits[s].captions)) for s in SPLITS},
        "unknown_rate": sum(w not in known for w in words) / max(1, len(words)),
        "num_cut": sum(
            len(said) >= max_length
            for s in SPLITS
            for row in corpus.splits[s].captions
            for said in row
        ),
    }
