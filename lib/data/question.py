"""Questions about a story as one sequence: words, layout, and when an answer is right.

A record is a story, a question and an answer, each a row of tokens. They are read as
one sequence, the question last (order "story") or first (order "question"), and then
the answer's own words are fed back as they become known. END closes every answer:

    inputs    Julie found a lamp . What was it that Julie found ? red lamp
    targets                                                     . red lamp .

with the targets one place earlier than they are fed: the first word of the answer is
asked for at the last token of question or story, END at the answer's last word. Padding
follows. Scored are the answer's positions, END among them.

An answer is right (exact match) where the largest output is the target at every scored
position. Feeding the true words does not flatter a model: as long as all words so far
are right, the words fed are those that greedy decoding would have fed itself, so both
give the same exact match.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from lib.loss import mean
from lib.types import Batch, Mean, Metric

PADDING, UNKNOWN, END = 0, 1, "."
SPECIAL: tuple[str, ...] = ("", "<unknown>", END)  # tokens 0, 1, 2 of every vocabulary
ORDERS = ("story", "question")
Order = Literal["story", "question"]

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
_SENTENCE_END = frozenset(".!")


class Record(NamedTuple):
    """B stories with a question each, padded at their ends, and their lengths."""

    story: Int[Array, "B S"]
    story_length: Int[Array, " B"]
    question: Int[Array, "B Q"]
    question_length: Int[Array, " B"]
    answer: Int[Array, "B A"]  # END is its last token
    answer_length: Int[Array, " B"]


def split_words(text: str) -> list[str]:
    """Words, with what a hyphen or an apostrophe joins, and marks of their own."""
    return _WORD.findall(text.replace("’", "'"))


def split_sentences(words: Sequence[str]) -> list[list[str]]:
    """Words cut after each "." and "!"; the last sentence may lack its end."""
    sentences: list[list[str]] = [[]]
    for word in words:
        sentences[-1].append(word)
        if word in _SENTENCE_END:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def encode_words(
    words: Sequence[str], symbols: Sequence[str]
) -> tuple[list[int], list[str]]:
    """The token of each word, in its own case or else in any, and the unknown words."""
    exact = {symbol: token for token, symbol in enumerate(symbols)}
    folded = {symbol.casefold(): token for symbol, token in reversed(exact.items())}
    tokens = [exact.get(w, folded.get(w.casefold(), UNKNOWN)) for w in words]
    pairs = zip(words, tokens, strict=True)
    return tokens, [word for word, token in pairs if token == UNKNOWN]


def arrange(record: Record, order: Order, size: int) -> Batch:
    """The sequence of each record, in arrays [B, size] that hold the longest."""
    s, q, a = (
        length[:, None]
        for length in (
            record.story_length,
            record.question_length,
            record.answer_length,
        )
    )
    position = jnp.arange(size, dtype=jnp.int32)[None, :]
    zero = jnp.zeros_like(s)
    begin_story, begin_question = (zero, s) if order == "story" else (q, zero)
    asked = s + q - 1  # where the answer's first word is asked for
    inputs = (
        _placed(record.story, position - begin_story, s)
        + _placed(record.question, position - begin_question, q)
        + _placed(record.answer, position - asked - 1, a - 1)
    )
    scored = (position >= asked) & (position < asked + a)
    targets = _placed(record.answer, position - asked, a)
    return Batch(inputs, targets, scored.astype(jnp.float32))


def is_exact(
    outputs: Float[Array, "B T V"], batch: Batch
) -> tuple[Bool[Array, " B"], Bool[Array, " B"]]:
    """Which examples are answered right in every scored word, and which are asked."""
    best = jnp.argmax(outputs, axis=-1).astype(batch.targets.dtype)
    wrong = (best != batch.targets) & (batch.mask > 0)
    return ~jnp.any(wrong, axis=1), jnp.any(batch.mask > 0, axis=1)


def share(
    right: Bool[Array, " B"], among: Bool[Array, " B"], like: Float[Array, "B T"]
) -> Mean:
    """The share of the examples `among` that are right, as sums."""
    counted = among.astype(like.dtype)
    return Mean(jnp.sum(right.astype(like.dtype) * counted), jnp.sum(counted))


def _accumulate_exact_match(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
    right, asked = is_exact(outputs, batch)
    return share(right, asked, batch.mask)


exact_match = Metric(_accumulate_exact_match, mean)


def _placed(
    tokens: Int[Array, "B N"], index: Int[Array, "B T"], length: Int[Array, "B 1"]
) -> Int[Array, "B T"]:
    """tokens[index] where 0 <= index < length, else 0."""
    inside = (index >= 0) & (index < length)
    last = tokens.shape[1] - 1
    found = jnp.take_along_axis(tokens, jnp.clip(index, 0, last), axis=1)
    return jnp.where(inside, found, 0)


def keep_last_sentences(record: Record, room: Int[Array, " B"]) -> Record:
    """Each story less the first sentences that do not fit into `room` tokens."""
    story, length = record.story, record.story_length[:, None]
    position = jnp.arange(story.shape[1] + 1, dtype=jnp.int32)[None, :]  # [1, S + 1]
    ends = jnp.pad(story == SPECIAL.index(END), ((0, 0), (1, 0)))
    begins = ends | (position == 0) | (position == length)
    fits = begins & (length - position <= jnp.maximum(room, 0)[:, None])
    first = jnp.argmax(fits & (position <= length), axis=1).astype(jnp.int32)[:, None]
    kept = _placed(story, position[:, :-1] + first, length)
    return record._replace(story=kept, story_length=(length - first)[:, 0])
