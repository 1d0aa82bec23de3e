"""Language modelling: predict the next symbol of a text, a character or a word.

An example is a window of a split; its targets are its inputs one place later:

    inputs   T h e _ w i
    targets  h e _ w i t

Scored: every position, in nats per symbol. A corpus is cut into splits by position
(the first 90 % train, the next 5 % validate, the last 5 % test) or comes in official
ones. The vocabulary is that of the training split, and one unknown symbol, last, for
every other.

There are three ways through a split. `sample` draws windows at random. `batch_at` cuts
it into consecutive windows of `max_length`, each read from the initial state.
`stream_at` cuts it into B parallel streams of equal length, of which window `index`
goes on where window `index - 1` ended, so that the state can be carried along:

    B = 2, max_length = 3     index 0     1       2
    stream 0                  T h e _ q u i c k ...
    stream 1                  l a z y _ d o g . ...

Both of the latter score each target after the split's first symbol exactly once; the
first symbols of a window (or a stream) are predicted from what it shows before them.

The floor is the loss of the training split's symbol frequencies (one added to each
count) on the split. The optimum of a language is unknown, so the task has no score.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from lib.data.symbol import (
    SEPARATOR,
    Unit,
    character_vocabulary,
    encode,
    encode_characters,
    split_words,
    word_vocabulary,
)
from lib.loss import accuracy, cross_entropy
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

_PERCENT = (0, 90, 95, 100)  # where the splits begin and end
_FREQUENT = 20  # symbols that the vocabulary report lists


class Corpus(NamedTuple):
    """A text as tokens, its vocabulary, and where its splits begin and end."""

    name: str
    unit: Unit
    tokens: Int[Array, " N"]
    symbols: tuple[str, ...]
    bounds: tuple[int, ...]  # train, validation, test: one more than there are splits
    floors: tuple[float, ...]  # nats per symbol of each split
    fingerprint: str  # SHA-256 of the text in UTF-8
    facts: Mapping[str, Any]  # the vocabulary report


def make_corpus(
    name: str, text: str, unit: Unit = "character", vocabulary_size: int = 2**31
) -> Corpus:
    """Cut a text by position; of words, the vocabulary keeps the commonest."""
    symbols = text if unit == "character" else split_words(text)
    bounds = tuple(len(symbols) * percent // 100 for percent in _PERCENT)
    parts = [symbols[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    fingerprint = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return make_split_corpus(name, parts, unit, fingerprint, vocabulary_size)


def make_split_corpus(
    name: str,
    parts: Sequence[Sequence[str]],
    unit: Unit,
    fingerprint: str,
    vocabulary_size: int = 2**31,
) -> Corpus:
    """Symbols of train, validation and test; a part may be a text of characters."""
    if unit == "character":
        texts = ["".join(part) for part in parts]
        vocabulary = character_vocabulary(texts[0])
        tokens = [encode_characters(text, vocabulary) for text in texts]
    else:
        vocabulary = word_vocabulary(parts[0], vocabulary_size)
        tokens = [encode(part, vocabulary) for part in parts]
    bounds = (0, *np.cumsum([len(part) for part in tokens]).tolist())
    counts = np.bincount(tokens[0], minlength=len(vocabulary))
    nats = -np.log((counts + 1) / (counts + 1).sum())  # [V] float64
    floors = tuple(
        float(nats[part[1:]].mean()) if len(part) > 1 else math.nan for part in tokens
    )
    every = jnp.asarray(np.concatenate(tokens))
    facts = _vocabulary_report(unit, vocabulary, tokens, counts)
    return Corpus(name, unit, every, vocabulary, bounds, floors, fingerprint, facts)


def make_language(
    corpus: Corpus, split: Split, batch_size: int, max_length: int
) -> Task:
    """Next-symbol prediction over windows of `length` inputs, at least 1."""
    shortest = min(np.diff(corpus.bounds)) - 1
    if not 1 <= max_length <= shortest:
        raise ValueError(
            f"{corpus.name}: length must be at least 1 and at most {shortest}, "
            f"got {max_length}."
        )
    place = SPLITS.index(split)
    start, stop = corpus.bounds[place : place + 2]
    num_windows = math.ceil((stop - start - 1) / max_length)
    num_outputs = len(corpus.symbols)

    def windows_at(
        data: PyTree,
        first: Int[Array, " B"],
        end: Int[Array, " B"],
        length: Int[Array, ""],
    ) -> Batch:
        """Windows from `first`; targets are scored up to `end`, which is not read."""
        offset = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        position = first[:, None] + offset  # [B, T]
        scored = (offset < length) & (position + 1 < end[:, None])
        tokens = data["tokens"].at[position].get(mode="clip")
        following = data["tokens"].at[position + 1].get(mode="clip")
        return Batch(
            inputs=jnp.where(scored, tokens, 0),
            targets=jnp.where(scored, following, 0),
            mask=scored.astype(jnp.float32),
        )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        beyond = data["stop"] - max_length  # a window also needs its last target
        shape = (batch_size,)
        first = jax.random.randint(key, shape, data["start"], beyond, jnp.int32)
        return windows_at(data, first, jnp.broadcast_to(data["stop"], shape), length)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        window = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        first = data["start"] + window * max_length
        stop = jnp.broadcast_to(data["stop"], first.shape)
        return windows_at(data, first, stop, length)

    def stream_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        size = -(-(data["stop"] - data["start"] - 1) // batch_size)  # targets a stream
        begin = data["start"] + size * jnp.arange(batch_size, dtype=jnp.int32)
        # A stream's last target is the next one's first input: its end is one further.
        end = jnp.minimum(begin + size + 1, data["stop"])
        batch = windows_at(data, begin + index * max_length, end, length)
        is_first = (jnp.arange(max_length) == 0) & (index == 0)
        reset = jnp.broadcast_to(is_first[None, :], batch.mask.shape)
        return batch._replace(reset=reset)

    stream_size = math.ceil((stop - start - 1) / batch_size)
    return Task(
        sample=sample,
        interface=Interface(num_outputs, num_outputs, num_outputs),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"loss": cross_entropy, "accuracy": accuracy},
        score_metric="loss",
        floor=lambda length: corpus.floors[place],
        optimum=None,
        window_score=None,
        version=1,
        data={
            "tokens": corpus.tokens,
            "start": jnp.int32(start),
            "stop": jnp.int32(stop),
        },
        fingerprint=corpus.fingerprint,
        symbols=corpus.symbols,
        eval_batches=math.ceil(num_windows / batch_size),
        batch_at=batch_at,
        system="language",
        separator=SEPARATOR[corpus.unit],
        facts=corpus.facts,
        stream_at=stream_at,
        stream_batches=math.ceil(stream_size / max_length),
    )


def _vocabulary_report(
    unit: Unit,
    vocabulary: tuple[str, ...],
    tokens: Sequence[np.ndarray],
    counts: np.ndarray,
) -> dict[str, Any]:
    """What is in the text, as JSON: sizes, unknown rates, the commonest symbols."""
    unknown = len(vocabulary) - 1
    commonest = np.argsort(-counts, kind="stable")[:_FREQUENT].tolist()
    share = lambda token: float(counts[token] / counts.sum())
    rate = lambda part: float((part == unknown).mean()) if len(part) else 0.0
    pairs = list(zip(SPLITS, tokens, strict=True))
    return {
        "unit": unit,
        "symbols": len(vocabulary),
        "tokens": {split: len(part) for split, part in pairs},
        "unknown": {split: rate(part) for split, part in pairs},
        "frequent": [[vocabulary[t], share(t)] for t in commonest if counts[t]],
    }
