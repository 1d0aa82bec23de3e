"""bAbI: questions about short stories, twenty tasks that each need one kind of memory.

Towards AI-complete question answering (Weston et al. 2015, arXiv:1502.05698), version
1.2 of the English files, CC BY 3.0. A file is stories of numbered lines, a question
with its answer and its supporting lines after what is known so far:

    1 Mary moved to the bathroom.
    2 John went to the hallway.
    3 Where is Mary?        bathroom        1

An example is a question with all statements of its story before it, as one sequence
(lib.data.question), in lower case, marks as words of their own:

    inputs   mary moved to the bathroom . ... where is mary ? bathroom
    targets  (at "?" and at the answer)             bathroom  .

A list such as "apple,milk" is an answer of two words. With order "question" the
question is read first, and the answer is asked for at the story's last word.

The length T counts story, question and fed answer. Sequences are padded at their end to
the longest of the task or to T, whichever is shorter; what would be longer loses whole
sentences from its start, so that a smaller T reads the last sentences only.

Splits: test is the authors' own. The last tenth of the training file's stories is
validation, the rest trains and gives the vocabulary; other words are read as unknown.

Scored: exact match, the share of questions with every word of the answer right. The
floor is the most frequent answer of training, or the most frequent for each first word
of a question where that is better on training.
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from lib.data.babi_file import Question, floors_of, parse, read_texts
from lib.data.question import (
    SPECIAL,
    Order,
    Record,
    arrange,
    encode_words,
    exact_match,
    keep_last_sentences,
)
from lib.loss import cross_entropy
from lib.setting import Bound
from lib.types import SPLITS, Batch, Interface, PRNGKey, Split, Task

_HELD_BACK = 10  # one story in so many of the training file is validation


class Corpus(NamedTuple):
    """One task at one size: its splits as tokens, and what is known about them."""

    symbols: tuple[str, ...]
    records: Mapping[str, Record]  # by split
    longest: int  # inputs of the longest example
    shortest: int  # inputs that the longest question and answer need by themselves
    floors: Mapping[str, float]
    facts: Mapping[str, object]
    fingerprint: str  # SHA-256 of both files


def make_babi(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    number: Annotated[int, Bound(1, 20)] = 1,
    size: Literal["1k", "10k"] = "1k",
    order: Order = "story",
) -> Task:
    """Task `number` of bAbI with 1,000 or 10,000 questions to train on."""
    corpus = read_corpus(number, size)
    if max_length < corpus.shortest:
        raise ValueError(
            f"babi: length must be at least {corpus.shortest}, the longest question "
            f"of task {number}, got {max_length}."
        )
    width = min(max_length, corpus.longest)
    data = jax.tree.map(jnp.asarray, corpus.records[split])

    def pick(data: Record, index: Int[Array, " B"], length: Int[Array, ""]) -> Batch:
        record = jax.tree.map(lambda leaf: leaf.at[index].get(mode="clip"), data)
        room = length - record.question_length - record.answer_length + 1
        record = keep_last_sentences(record, room)
        return arrange(record, order, width)

    def sample(key: PRNGKey, data: Record, length: Int[Array, ""]) -> Batch:
        count = data.story.shape[0]
        index = jax.random.randint(key, (batch_size,), 0, count, jnp.int32)
        return pick(data, index, length)

    def batch_at(data: Record, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        # Of the data given: one program reads validation and test.
        inside = (place < data.story.shape[0])[:, None]
        batch = pick(data, place, length)
        return jax.tree.map(lambda x: jnp.where(inside, x, jnp.zeros_like(x)), batch)

    symbols = corpus.symbols
    return Task(
        sample=sample,
        interface=Interface(*(len(symbols),) * 3, padding=True),
        max_length=max_length,
        loss=cross_entropy,
        metrics={"exact_match": exact_match},
        score_metric="exact_match",
        floor=lambda length: corpus.floors[split],
        optimum=lambda length: 1.0,
        window_score=None,
        version=1,
        data=data,
        fingerprint=corpus.fingerprint,
        system="questions",
        symbols=symbols,
        separator=" ",
        facts=corpus.facts,
        eval_batches=-(-len(data.story) // batch_size),
        batch_at=batch_at,
    )


@functools.cache
def read_corpus(number: int, size: str) -> Corpus:
    """One task at one size. Raises UserError where a file of it is missing."""
    name, texts = read_texts(number, size)
    told = parse(texts["train"])
    stories = told[-1].number + 1
    kept = stories - stories // _HELD_BACK
    examples = {
        "train": [q for q in told if q.number < kept],
        "validation": [q for q in told if q.number >= kept],
        "test": parse(texts["test"]),
    }
    known = {w for q in examples["train"] for part in q[:3] for w in part}
    symbols = (*SPECIAL, *sorted(known - set(SPECIAL)))
    every = [q for split in SPLITS for q in examples[split]]
    unknown = [w not in symbols for q in examples["test"] for p in q[:3] for w in p]
    floors, majority = floors_of(examples)
    content = hashlib.sha256("\0".join([texts["train"], texts["test"]]).encode())
    return Corpus(
        symbols,
        {split: make_record(examples[split], symbols) for split in SPLITS},
        longest=max(sum(map(len, q[:3])) - 1 for q in every),
        shortest=max(len(q.question) + len(q.answer) - 1 for q in every),
        floors=floors,
        facts={
            "title": name,
            "examples": {split: len(examples[split]) for split in SPLITS},
            "vocabulary_size": len(symbols),
            "unknown_rate": sum(unknown) / len(unknown),
            "majority": majority,
        },
        fingerprint=content.hexdigest(),
    )


def make_record(questions: Sequence[Question], symbols: Sequence[str]) -> Record:
    """Questions as padded rows of tokens."""
    leaves = []
    for part in ("story", "question", "answer"):
        rows = [encode_words(getattr(q, part), symbols)[0] for q in questions]
        lengths = np.array([len(row) for row in rows], np.int32)
        tokens = np.zeros((len(rows), max(lengths.max(initial=1), 1)), np.int32)
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
        leaves += [tokens, lengths]
    return Record(*leaves)
