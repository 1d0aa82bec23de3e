"""Character-level language modelling: predict the next character of a text.

The text is cut by position: the first 90 % train, the next 5 % validate, the last 5 %
test. The vocabulary is the characters of the training split in code point order, and
one unknown symbol, last, for every other character. An example is a window of the
split; its targets are its inputs one place later:

    inputs   T h e _ w i
    targets  h e _ w i t

Scored: every position, in nats per character. In training windows are drawn at random;
`batch_at` cuts a split into consecutive windows of `max_length` instead, so that each
target after the split's first character is scored exactly once. The first characters
of a window are predicted from what the window shows before them.

The floor is the loss of the training split's character frequencies (one added to each
count) on the split. The optimum of a language is unknown, so the task has no score.
"""

import hashlib
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Integer, PyTree

from lib.loss import accuracy, cross_entropy
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_PERCENT = (0, 90, 95, 100)  # where the splits begin and end


class Corpus(NamedTuple):
    """A text as tokens, its vocabulary, and where its splits begin and end."""

    name: str
    tokens: Int[Array, " N"]
    symbols: tuple[str, ...]
    bounds: tuple[int, ...]  # train, validation, test: one more than there are splits
    floors: tuple[float, ...]  # nats per character of each split
    fingerprint: str  # SHA-256 of the text in UTF-8


def encode(text: str, symbols: tuple[str, ...]) -> Int[np.ndarray, " N"]:
    """The token of each character; the last symbol stands for every unknown one."""
    token_of = {symbol: token for token, symbol in enumerate(symbols)}
    unknown = len(symbols) - 1
    tokens = (token_of.get(character, unknown) for character in text)
    return np.fromiter(tokens, np.int32, len(text))


def decode(
    tokens: Integer[np.ndarray, " N"] | Integer[Array, " N"], symbols: tuple[str, ...]
) -> str:
    """The text that tokens stand for."""
    return "".join(symbols[token] for token in np.asarray(tokens).tolist())


def make_corpus(name: str, text: str) -> Corpus:
    """Read a text once: its vocabulary, tokens, splits and floors."""
    bounds = tuple(len(text) * percent // 100 for percent in _PERCENT)
    symbols = (*sorted(set(text[: bounds[1]]) - {UNKNOWN}), UNKNOWN)
    tokens = encode(text, symbols)
    counts = np.bincount(tokens[: bounds[1]], minlength=len(symbols)) + 1
    nats = -np.log(counts / counts.sum())  # [V] float64
    floors = tuple(
        float(nats[tokens[start + 1 : stop]].mean())
        for start, stop in zip(bounds[:-1], bounds[1:], strict=True)
    )
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    return Corpus(name, jnp.asarray(tokens), symbols, bounds, floors, fingerprint)


def make_character(
    corpus: Corpus, split: Split, batch_size: int, max_length: int
) -> Task:
    """Next-character prediction over windows of `length` inputs, at least 1."""
    shortest = min(np.diff(corpus.bounds)) - 1
    if not 1 <= max_length <= shortest:
        raise ValueError(
            f"{corpus.name}: length must be at least 1 and at most {shortest}, "
            f"got {max_length}."
        )
    place = SPLITS.index(split)
    start, stop = corpus.bounds[place : place + 2]
    num_windows = math.ceil((stop - start - 1) / max_length)

    def windows_at(
        data: PyTree, first: Int[Array, " B"], length: Int[Array, ""]
    ) -> Batch:
        offset = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        position = first[:, None] + offset  # [B, T]
        scored = (offset < length) & (position + 1 < data["stop"])
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
        return windows_at(data, first, length)

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        window = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        return windows_at(data, data["start"] + window * max_length, length)

    return Task(
        sample=sample,
        interface=Interface(
            len(corpus.symbols), len(corpus.symbols), len(corpus.symbols)
        ),
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
        system="language",
        symbols=corpus.symbols,
        eval_batches=math.ceil(num_windows / batch_size),
        batch_at=batch_at,
    )
