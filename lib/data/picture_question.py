"""Questions about pictures of a data set: one of its answers, given at the last word.

An example of a question of four words, padded to six, whose answer is class 2:

    image     the picture, in [0, 1]
    tokens    17   5   9   4   0   0
    targets    .   .   .   2   .   .

`sample` draws `questions_per_picture` questions (Q) of each of B / Q pictures at
random, pictures equally often; `batch_at` tiles the questions of a split, each once,
with a picture for each. `blind` takes the picture (grey) or the question (a lone "?")
away. A word that training asks with less than `min_count` times is read as unknown.

The score is accuracy. Floors, in the task's facts: the most frequent answer of training
("majority"), that to each question, where training asks it ("question_only"), and the
most frequent answer to each picture, chosen on the tested questions themselves and so
more than any reader of pictures reaches ("image_only").
"""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, UInt8

from lib.data.graded import (
    credit_arrays,
    graded_accuracy,
    graded_cross_entropy,
    graded_targets,
)
from lib.data.question import SPECIAL, encode_words, split_words
from lib.loss import accuracy, cross_entropy, masked, mean
from lib.types import SPLITS, Batch, Interface, Mean, Metric, PRNGKey, Split, Task

Blind = Literal["none", "image", "question"]
MOST_CREDITED = 10  # answers of a question that are worth something


class Asked(NamedTuple):
    """Questions about pictures, sorted by picture; every picture has one at least."""

    pictures: UInt8[np.ndarray, "N H W 3"]
    picture: Int[np.ndarray, " Q"]  # of each question
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    # What each answer is worth, question by question; empty: only its own, and all
    credit: tuple[Mapping[str, float], ...] = ()

    def worth(self, place: int, said: str) -> float:
        """What an answer to a question counts, from 0 to 1."""
        if self.credit:
            return self.credit[place].get(said, 0.0)
        return float(said == self.answers[place])


@dataclass(frozen=True, eq=False)  # as equal as the same object: they are large
class Gallery:
    """A data set of questions about pictures, by split."""

    name: str
    classes: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]  # kinds of question by what is answered
    splits: Mapping[Split, Asked]
    fingerprint: str
    min_count: int = 1

    @functools.cached_property
    def symbols(self) -> tuple[str, ...]:
        """The words of training's questions, in lower case, by their code points."""
        questions = self.splits["train"].questions
        counts = Counter(word for text in questions for word in words_of(text))
        known = {word for word, count in counts.items() if count >= self.min_count}
        return *SPECIAL, *sorted(known - set(SPECIAL))

    @functools.cached_property
    def longest(self) -> int:
        """The words of the longest question."""
        every = (text for asked in self.splits.values() for text in asked.questions)
        return max(len(words_of(text)) for text in set(every))

    @functools.lru_cache(maxsize=16)  # noqa: B019 galleries live as long as a process
    def floors(self, split: Split) -> dict[str, dict[str, float]]:
        """The shares that the simple predictors of the head answer right, by metric."""
        return _floors(self, split)


def words_of(question: str) -> list[str]:
    """The words of a question, in lower case, with a "?" at its end."""
    words = split_words(question.lower())
    return words if words[-1:] == ["?"] else [*words, "?"]


def cut_pictures(asked: Asked, chosen: Sequence[bool] | np.ndarray) -> Asked:
    """The pictures that are chosen, with their questions."""
    chosen = np.asarray(chosen, bool)
    number = np.cumsum(chosen) - 1
    own = np.flatnonzero(chosen[asked.picture])
    pick = lambda texts: tuple(texts[i] for i in own)
    return Asked(
        asked.pictures[chosen],
        number[asked.picture[own]],
        pick(asked.questions),
        pick(asked.answers),
        pick(asked.credit) if asked.credit else (),
    )


def make_picture_questions(
    gallery: Gallery,
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    questions_per_picture: int = 1,
    blind: Blind = "none",
) -> Task:
    """A task over a gallery; graded (lib.data.graded) where its answers have credit."""
    _check(gallery, batch_size, max_length, questions_per_picture)
    size, side = len(gallery.symbols), gallery.splits[split].pictures.shape[1]
    mark = gallery.symbols.index("?")
    graded = bool(gallery.splits["train"].credit)

    # A trainer reads every split through one task: what differs is in `data` alone.
    def batch_of(data: PyTree, place: Array, picture: Array, real: Array) -> Batch:
        own = lambda name: data[name].at[place].get(mode="clip")
        position = jnp.arange(max_length, dtype=jnp.int32)[None, :]
        tokens, sizes = own("tokens"), own("sizes")
        if blind == "question":
            tokens = jnp.where(position == 0, mark, jnp.zeros_like(tokens))
            sizes = jnp.ones_like(sizes)
        end = (position == sizes[:, None] - 1) & real[:, None]
        image = data["pictures"].at[picture].get(mode="clip").astype(jnp.float32) / 255
        if blind == "image":
            image = jnp.full_like(image, 0.5)
        if graded:
            wanted = graded_targets(data, place, end)
        else:
            wanted = jnp.where(end, own("labels")[:, None], 0)
        tokens = jnp.where(real[:, None], tokens, 0)
        inputs = {"image": image, "tokens": tokens}
        return Batch(inputs, wanted, end.astype(jnp.float32))

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        del length  # questions have the length they have
        picture_key, key = jax.random.split(key)
        count = batch_size // questions_per_picture
        pictures = data["starts"].shape[0] - 1
        picture = jax.random.randint(picture_key, (count,), 0, pictures, jnp.int32)
        first = data["starts"][picture]
        number = (data["starts"][picture + 1] - first).astype(jnp.float32)
        drawn = jax.random.uniform(key, (count, questions_per_picture))
        drawn = (drawn * number[:, None]).astype(jnp.int32)
        place = (first[:, None] + drawn).reshape(batch_size)
        return batch_of(data, place, picture, jnp.ones(batch_size, bool))

    def batch_at(data: PyTree, index: Int[Array, ""], length: Int[Array, ""]) -> Batch:
        del length
        place = index * batch_size + jnp.arange(batch_size, dtype=jnp.int32)
        real = place < data["labels"].shape[0]
        picture = data["picture"].at[place].get(mode="clip")
        return batch_of(data, place, picture, real)

    floors = gallery.floors(split)
    return Task(
        sample=sample,
        interface=Interface(
            size, size, len(gallery.classes), padding=True, image=(side, side, 3)
        ),
        max_length=max_length,
        loss=graded_cross_entropy if graded else cross_entropy,
        metrics={"accuracy": graded_accuracy}
        if graded
        else {"accuracy": accuracy, **_by_group(gallery)},
        score_metric="accuracy",
        floor=lambda length: floors["majority"]["accuracy"],
        optimum=None,
        window_score=None,
        version=1,
        data=_arrays(gallery, split, max_length),
        fingerprint=gallery.fingerprint,
        system="picture_questions",
        symbols=gallery.symbols,
        separator=" ",
        classes=gallery.classes,
        facts={
            "kinds": list(gallery.groups),
            "blind": blind,
            "floors": floors,
            "num_questions": {s: len(gallery.splits[s].questions) for s in SPLITS},
            "num_pictures": {s: len(gallery.splits[s].pictures) for s in SPLITS},
        },
        eval_batches=-(-len(gallery.splits[split].questions) // batch_size),
        batch_at=batch_at,
    )


def _by_group(gallery: Gallery) -> dict[str, Metric]:
    """Accuracy over the questions of each kind."""

    def over(answers: tuple[str, ...]) -> Metric:
        own = np.isin(gallery.classes, answers).astype(np.float32)

        def accumulate(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
            right = jnp.argmax(outputs, axis=-1).astype(jnp.int32) == batch.targets
            mask = batch.mask * jnp.asarray(own)[batch.targets]
            return masked(right.astype(mask.dtype), mask)

        return Metric(accumulate, mean)

    return {name: over(answers) for name, answers in gallery.groups.items()}


@functools.lru_cache(maxsize=8)
def _arrays(gallery: Gallery, split: Split, length: int) -> dict[str, Array]:
    asked = gallery.splits[split]
    rows = {
        text: encode_words(words_of(text), gallery.symbols)[0]
        for text in set(asked.questions)
    }
    tokens = np.zeros((len(asked.questions), length), np.int32)
    sizes = np.zeros(len(tokens), np.int32)
    for i, text in enumerate(asked.questions):
        row = rows[text][:length]
        tokens[i, : len(row)], sizes[i] = row, len(row)
    label_of = {answer: label for label, answer in enumerate(gallery.classes)}
    labels = [label_of.get(answer, 0) for answer in asked.answers]
    counts = np.bincount(asked.picture, minlength=len(asked.pictures))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return {
        "pictures": jnp.asarray(asked.pictures),
        "picture": jnp.asarray(asked.picture, jnp.int32),
        "starts": jnp.asarray(starts, jnp.int32),
        "tokens": jnp.asarray(tokens),
        "sizes": jnp.asarray(sizes),
        "labels": jnp.asarray(labels, jnp.int32),
    } | (
        credit_arrays(asked.credit, asked.answers, gallery.classes, MOST_CREDITED)
        if asked.credit
        else {}
    )


def _floors(gallery: Gallery, split: Split) -> dict[str, dict[str, float]]:
    train, asked = gallery.splits["train"], gallery.splits[split]
    most = lambda counter: counter.most_common(1)[0][0]
    by_question: dict[str, Counter] = {}
    for text, answer in zip(train.questions, train.answers, strict=True):
        by_question.setdefault(text, Counter())[answer] += 1
    by_picture: dict[int, Counter] = {}
    for picture, answer in zip(asked.picture.tolist(), asked.answers, strict=True):
        by_picture.setdefault(picture, Counter())[answer] += 1
    common = most(Counter(train.answers))
    told = {text: most(counter) for text, counter in by_question.items()}
    shown = {picture: most(counter) for picture, counter in by_picture.items()}
    answered = {
        "majority": [common] * len(asked.answers),
        "question_only": [told.get(text, common) for text in asked.questions],
        "image_only": [shown[picture] for picture in asked.picture.tolist()],
    }
    true = np.array(asked.answers)
    parts = {"accuracy": np.ones(len(true), bool)}
    parts |= {name: np.isin(true, own) for name, own in gallery.groups.items()}
    found = {}
    for name, said in answered.items():
        worth = np.array([asked.worth(i, answer) for i, answer in enumerate(said)])
        found[name] = {m: float(worth[p].mean()) for m, p in parts.items() if p.any()}
    return found


def _check(gallery: Gallery, batch_size: int, max_length: int, per_picture: int):
    if max_length < gallery.longest:
        raise ValueError(
            f"{gallery.name}: length must be at least {gallery.longest}, the words of "
            f"the longest question, got {max_length}."
        )
    if batch_size % per_picture:
        raise ValueError(
            f"{gallery.name}: the batch size must be a multiple of "
            f"questions_per_picture = {per_picture}, got {batch_size}."
        )
