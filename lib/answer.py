"""Answering: greedy decoding after a prompt, and what each sentence does to an answer.

The weight of a sentence is found by leaving it out: all stories that lack one sentence
are read beside the whole story, as the rows of one batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from lib.data.question import (
    END,
    Order,
    encode_words,
    split_sentences,
    split_words,
)
from lib.error import UserError
from lib.types import Carry, Model, Params

MOST_WORDS = 8  # of an answer, the END that closes it included


class Reading(NamedTuple):
    """A story and a question as the model reads them."""

    sentences: tuple[tuple[int, ...], ...]  # the tokens of each
    question: tuple[int, ...]
    unknown: tuple[str, ...]  # words that the run does not know, in reading order


class Weight(NamedTuple):
    """What an answer becomes where one sentence is left out."""

    probability: float  # of the answer to the whole story
    shift: float  # how much lower its log-probability is, in nats; below 0: higher
    instead: str  # what is answered then
    alone: float  # the probability of that


class Reply(NamedTuple):
    """An answer, its probability, and the weight of each sentence of the story."""

    answer: str
    probability: float  # of all its words and of stopping there
    weights: tuple[Weight, ...]


def read_texts(story: str, question: str, symbols: Sequence[str]) -> Reading:
    """A story and a question as tokens; a sentence or question without a mark gets one.

    Raises:
      UserError: nothing to read, nothing known, or a question longer than the story.
    """
    told = [_closed(s, END) for s in split_sentences(split_words(story))]
    asked = split_words(question)
    if not told:
        raise UserError("story: there is no word in it")
    if not asked:
        raise UserError("question: there is no word in it")
    asked = _closed(asked, "?")
    size = sum(map(len, told))
    if len(asked) > size:
        raise UserError(
            f"question: longer than the story: {len(asked)} words and marks to "
            f"its {size}"
        )
    rows, unknown = [], []
    for words in (*told, asked):
        tokens, missing = encode_words(words, symbols)
        rows.append(tuple(tokens))
        unknown += missing
    words = [w for row in (*told, asked) for w in row if any(c.isalnum() for c in w)]
    if all(word in unknown for word in words):
        raise UserError(
            f"story and question: none of their {len(words)} words is known to this run"
        )
    return Reading(tuple(rows[:-1]), rows[-1], tuple(dict.fromkeys(unknown)))


def ask(
    model: Model,
    params: Params,
    symbols: Sequence[str],
    reading: Reading,
    order: Order = "story",
) -> Reply:
    """The answer to a question about a story, and what each sentence does to it."""
    prompts = [_prompt(reading, left_out, order) for left_out in _left_out(reading)]
    lengths = np.array([len(prompt) for prompt in prompts], np.int32)
    tokens = np.zeros((len(prompts), lengths.max()), np.int32)
    for row, prompt in zip(tokens, prompts, strict=True):
        row[: len(prompt)] = prompt
    decode_all = jax.jit(_answers, static_argnums=0)
    own, own_log, forced_log = jax.device_get(
        decode_all(model, params, jnp.asarray(tokens), jnp.asarray(lengths))
    )
    size = answer_size(own[0], symbols)
    whole = float(forced_log[0, :size].sum())
    weights = []
    for row in range(1, len(prompts)):
        forced, count = (
            float(forced_log[row, :size].sum()),
            answer_size(own[row], symbols),
        )
        weights.append(
            Weight(
                float(np.exp(forced)),
                whole - forced,
                answer_text(own[row], symbols),
                float(np.exp(own_log[row, :count].sum())),
            )
        )
    answer = answer_text(own[0], symbols)
    return Reply(answer, float(np.exp(whole)), tuple(weights))


def answer_size(tokens: Sequence[int] | np.ndarray, symbols: Sequence[str]) -> int:
    """The tokens of a decoded answer up to its END, which is counted."""
    end = symbols.index(END)
    found = np.flatnonzero(np.asarray(tokens) == end)
    return int(found[0]) + 1 if len(found) else len(tokens)


def answer_text(tokens: Sequence[int] | np.ndarray, symbols: Sequence[str]) -> str:
    """The words of a decoded answer before its END."""
    words = [symbols[t] for t in tokens[: answer_size(tokens, symbols)]]
    return " ".join(words[:-1] if words and words[-1] == END else words)


def decode(
    model: Model,
    params: Params,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, " B"],
) -> tuple[Int[Array, "B A"], Float[Array, "B A"]]:
    """Greedy answers of MOST_WORDS tokens, and the log-probability of each token.

    Row b is the first lengths[b] tokens of its prompt, at least one.
    """
    state = _read(model, params, prompts, lengths)
    return _write(model, params, state)


def _answers(
    model: Model,
    params: Params,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, " B"],
) -> tuple[Array, Array, Array]:
    """`decode`, and the log-probability of the first row's answer in every row."""
    state = _read(model, params, prompts, lengths)
    own, own_log = _write(model, params, state)

    def force(carry: tuple, token: Int[Array, ""]) -> tuple:
        state, logits = carry
        log_p = jax.nn.log_softmax(logits)[:, token]
        fed = jnp.broadcast_to(token, logits.shape[:1])
        return model.step(params, state, fed), log_p

    _, forced_log = lax.scan(force, state, own[0])
    return own, own_log, forced_log.T


def _read(
    model: Model, params: Params, prompts: Int[Array, "B P"], lengths: Int[Array, " B"]
) -> tuple[Carry, Float[Array, "B V"]]:
    """The state and the outputs of each row after its own last token."""

    def step(before: tuple, now: tuple) -> tuple:
        token, place = now
        after = model.step(params, before[0], token)
        return _select(place < lengths, after, before), None

    first = model.step(params, model.initial(params, prompts[:, :1]), prompts[:, 0])
    places = jnp.arange(1, prompts.shape[1], dtype=jnp.int32)
    state, _ = lax.scan(step, first, (prompts[:, 1:].T, places))
    return state


def _write(
    model: Model, params: Params, state: tuple[Carry, Float[Array, "B V"]]
) -> tuple[Int[Array, "B A"], Float[Array, "B A"]]:
    def step(carry: tuple, _: None) -> tuple:
        state, logits = carry
        token = jnp.argmax(logits, axis=-1).astype(jnp.int32)
        log_p = jnp.max(jax.nn.log_softmax(logits), axis=-1)
        return model.step(params, state, token), (token, log_p)

    _, (tokens, log_p) = lax.scan(step, state, None, length=MOST_WORDS)
    return tokens.T, log_p.T


def _select(chosen: Array, new: PyTree, old: PyTree) -> PyTree:
    """New leaves where chosen [B], else old; every leaf has the leading axis B."""

    def pick(a: Array, b: Array) -> Array:
        return jnp.where(chosen.reshape(-1, *(1,) * (a.ndim - 1)), a, b)

    return jax.tree.map(pick, new, old)


def _left_out(reading: Reading) -> list[int]:
    """No sentence, then each in turn."""
    return [-1, *range(len(reading.sentences))]


def _prompt(reading: Reading, left_out: int, order: Order) -> list[int]:
    kept = [s for i, s in enumerate(reading.sentences) if i != left_out]
    story = [token for sentence in kept for token in sentence]
    question = list(reading.question)
    return story + question if order == "story" else question + story


def _closed(words: list[str], mark: str) -> list[str]:
    """A sentence with its mark at the end, which is the only one it ends with."""
    return words if words[-1] in (".", "!", "?") else [*words, mark]


def shown(reading: Reading, symbols: Sequence[str]) -> str:
    """What was read, in the run's own words; unknown ones in angle brackets."""
    rows = (*reading.sentences, reading.question)
    return " ".join(symbols[token] for row in rows for token in row)
