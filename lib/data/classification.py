"""Text classification: the class of a text, answered when its last symbol is read.

An example of four words in a batch of six, of class 2 (0 is the padding):

    inputs    17   5   1 204   0   0
    targets    .   .   .   2   .   .
    mask       0   0   0   1   0   0

Read with a smaller `length` a text ends there, and so does its target move: one program
reads any number of words. `sample` draws training texts at random; `batch_at` tiles the
split, so that every text is scored once.

The score is accuracy, or the F1 of one class. The floor is what the best answer reaches
that reads nothing: the split's most frequent class, or always the positive class. What
the best possible reader would reach is unknown.
"""

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from lib.data.labelled import Corpus
from lib.data.token import (
    UNKNOWN,
    Encoded,
    Unit,
    encode_texts,
    make_vocabulary,
    symbols_of,
)
from lib.loss import accuracy, cross_entropy, f1
from lib.types import SPLITS, Batch, Interface, Metric, PRNGKey, Split, Task


class Vocabulary(NamedTuple):
    """What the symbols of a corpus are, and which of them have a token."""

    unit: Unit = "word"
    min_count: int = 2  # times a symbol must be in the training texts
    max_size: int = 30_000  # symbols beside the padding and the unknown one


class Reading(NamedTuple):
    """A corpus as tokens."""

    symbols: tuple[str, ...]
    splits: dict[Split, Encoded]
    facts: dict[str, Any]


def make_classification(
    corpus: Corpus,
    split: Split,
    batch_size: int,
    max_length: int,
    vocabulary: Vocabulary,
    word_dropout: float = 0.0,
    balance: float = 0.0,
) -> Task:
    """The class of each text of a corpus, read up to `length` symbols, at least 1.

    In training each symbol is read as the unknown one with probability `word_dropout`,
    and a text of a class of n is drawn in proportion to n^-balance: with 0 every text
    as often as any other, with 1 every class.
    """
    if max_length < 1:
        raise ValueError(f"{corpus.name}: length must be at least 1, got {max_length}.")
    reading = read(corpus, vocabulary)
    data = {
        **_arrays(corpus, vocabulary, split, max_length),
        "shares": _shares(corpus.splits[split].labels, balance),
    }
    size = len(reading.symbols)

    # A trainer reads every split through one task: what differs is in `data` alone.
    def texts_at(data: PyTree, place: Int[Array, " B"], length: Array) -> Batch:
        num_texts = data["labels"].shape[0]
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        inside = (place >= 0) & (place < num_texts)
        own = lambda name: data[name].at[place].get(mode="clip")
        stop = jnp.where(inside, jnp.minimum(own("sizes"), length), 0)[:, None]
        inputs = jnp.where(position < stop, own("tokens"), 0)
        scored = (position == stop - 1) & inside[:, None]
        targets = jnp.where(scored, own("labels")[:, None], 0)
        return Batch(inputs, targets, scored.astype(jnp.float32))

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        place_key, drop_key = jax.random.split(key)
        drawn = jax.random.uniform(place_key, (batch_size,))
        place = jnp.searchsorted(data["shares"], drawn, side="right").astype(jnp.int32)
        batch = texts_at(data, place, length)
        if not word_dropout:
            return batch
        shape = batch.inputs.shape
        dropped = jax.random.bernoulli(drop_key, word_dropout, shape)
        unknown = jnp.where(dropped & (batch.inputs > 0), UNKNOWN, batch.inputs)
        return batch._replace(inputs=unknown)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        return texts_at(data, place, length)

    metrics, score, floor = _score(corpus, split)
    return Task(
        sample=sample,
        interface=Interface(size, size, len(corpus.classes), padding=True),
        max_length=max_length,
        loss=cross_entropy,
        metrics=metrics,
        score_metric=score,
        floor=lambda length: floor,
        optimum=None,
        window_score=None,
        version=1,
        data=data,
        fingerprint=corpus.fingerprint,
        system="classification",
        symbols=reading.symbols,
        separator=" " if vocabulary.unit == "word" else "",
        classes=corpus.classes,
        facts=reading.facts,
        eval_batches=math.ceil(len(data["labels"]) / batch_size),
        batch_at=batch_at,
    )


def corpus_of(key: str) -> Corpus:
    """The corpus that a task of this process was made of, by its facts' "texts"."""
    return next(
        corpus for corpus, found in _READ.values() if found.facts["texts"] == key
    )


# Corpora are cached where they are made, so that equal ones are the same object.
_READ: dict[tuple[int, Vocabulary], tuple[Corpus, Reading]] = {}


def read(corpus: Corpus, vocabulary: Vocabulary) -> Reading:
    """The corpus as tokens of the training split's symbols; once per process."""
    place = id(corpus), vocabulary
    if place not in _READ:
        _READ[place] = corpus, _read(corpus, vocabulary)
    return _READ[place][1]


def _read(corpus: Corpus, vocabulary: Vocabulary) -> Reading:
    unit, min_count, max_size = vocabulary
    texts = {
        split: [symbols_of(text, unit) for text in corpus.splits[split].texts]
        for split in SPLITS
    }
    symbols = make_vocabulary(texts["train"], min_count, max_size)
    encoded: dict[Split, Encoded] = {
        split: encode_texts(texts[split], symbols) for split in SPLITS
    }
    tested = encoded["test"]
    known = np.add.reduceat(tested.tokens != UNKNOWN, tested.starts[:-1])
    facts = {
        "texts": corpus.key,
        "unit": unit,
        "vocabulary_size": len(symbols),
        "num_texts": {split: len(texts[split]) for split in SPLITS},
        "median_size": float(np.median(encoded["train"].sizes)),
        "longest": int(encoded["train"].sizes.max()),
        # Read as one unknown symbol, as is a text of which no symbol is known.
        "num_empty": sum(not text for split in SPLITS for text in texts[split]),
        "num_unknown_texts": int((known == 0).sum()),
        "unknown_rate": float((tested.tokens == UNKNOWN).mean()),
    }
    return Reading(symbols, encoded, facts)


@functools.lru_cache(maxsize=16)
def _cached_arrays(
    name: int, vocabulary: Vocabulary, split: Split, length: int
) -> dict[str, Array]:
    corpus, reading = _READ[name, vocabulary]
    encoded = reading.splits[split]
    return {
        "tokens": jnp.asarray(encoded.padded(length)),
        "sizes": jnp.asarray(encoded.sizes, jnp.int32),
        "labels": jnp.asarray(corpus.splits[split].labels, jnp.int32),
    }


def _arrays(
    corpus: Corpus, vocabulary: Vocabulary, split: Split, length: int
) -> dict[str, Array]:
    return _cached_arrays(id(corpus), vocabulary, split, length)


def _shares(labels: Int[np.ndarray, " N"], balance: float) -> Float[Array, " N"]:
    """The chance of drawing a text or one before it; the last is above 1."""
    weights = np.bincount(labels)[labels] ** -float(balance)
    shares = np.cumsum(weights / weights.sum())
    return jnp.asarray(np.append(shares[:-1], 2.0), jnp.float32)


def _score(corpus: Corpus, split: Split) -> tuple[dict[str, Metric], str, float]:
    """The metrics, the name of the one that is the score, and its floor."""
    labels = corpus.splits[split].labels
    shares: Float[np.ndarray, " V"] = np.bincount(
        labels, minlength=len(corpus.classes)
    ) / max(1, len(labels))
    if corpus.positive is None:
        return {"accuracy": accuracy}, "accuracy", float(shares.max())
    # Answering it with probability q has F1 = 2 p q / (p + q), largest at q = 1.
    share = float(shares[corpus.positive])
    metrics = {"f1": f1(corpus.positive), "accuracy": accuracy}
    return metrics, "f1", 2 * share / (1 + share)
