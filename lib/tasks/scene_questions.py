"""Questions about a picture of coloured shapes, in the manner of Sort-of-CLEVR (Santoro
et al. 2017, arXiv:1706.01427, section 4.2).

A picture of 75 x 75 pixels has six things, each of its own colour and a circle or a
square (half width 5). Questions are words (lib.tasks.question_grammar) instead of the
paper's code of 18 bits; the answer is given at the last word:

    tokens    is the red thing on the left ?   -
    targets    .  .   .    .    .  .    .  yes .

With `answer` "class" it is one of the task's classes; with "words" it is a word of the
vocabulary and then the END that closes it, fed back as they become known, and both must
be right.

`num_clauses` is the most clauses between what is asked and the noun (lib.tasks.
question_grammar): a question draws from 0 to that many, in training to `train_clauses`
where that is set. The length T is the most words a question may have; shorter ones are
padded.

Pictures are drawn anew for every batch, so nothing can be learned by heart; with
`num_pictures` above 0 training draws from so many fixed pictures, each with
`questions_per_picture` fixed questions, as the published 9,800 with 20 have. A batch
holds `questions_per_picture` questions of each picture, one after another, and each
picture once: inputs are {"image": [B / Q, H, W, 3], "tokens": [B, T]}.

`blind` takes the picture (white) or the question (a lone "?") away: what a model then
reaches is what the other tells. Floors, of the best answer to each question, to each
picture, and to all: lib.tasks.question_floor.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from lib.data.question import END, Record, arrange, exact_match, is_exact, share
from lib.loss import cross_entropy, mean
from lib.setting import Bound, Count, Size
from lib.tasks.question_floor import floors
from lib.tasks.question_grammar import (
    COLOURS,
    FORMS,
    SORT_OF_CLEVR,
    Grammar,
    Kind,
    make_grammar,
)
from lib.tasks.question_scene import draw_example, fits, paint
from lib.types import Batch, Interface, Mean, Metric, PRNGKey, Split, Task

NAME = "scene_questions"
SIZE = 5.0  # half width of a thing, in pixels
_FIXED_SEED = 9800  # of the fixed pictures

Blind = Literal["none", "image", "question"]


def make_scene_questions(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    kinds: tuple[Kind, ...] = SORT_OF_CLEVR,
    num_clauses: Annotated[int, Bound(0, 8)] = 0,
    train_clauses: Count = 0,
    num_objects: Annotated[int, Bound(2, len(COLOURS))] = 6,
    side: Annotated[int, Bound(16, 512)] = 75,
    questions_per_picture: Size = 1,
    num_pictures: Count = 0,
    answer: Literal["class", "words"] = "class",
    blind: Blind = "none",
) -> Task:
    """Questions of `kinds` about pictures of `num_objects` things."""
    training = split == "train"
    grammar = make_grammar(kinds, num_clauses, num_objects)
    _check(grammar, batch_size, max_length, questions_per_picture, num_objects, side)
    if train_clauses > num_clauses:
        raise ValueError(
            f"{NAME}: train_clauses must be at most num_clauses = {num_clauses}, got "
            f"{train_clauses}."
        )
    most = train_clauses if training and train_clauses else num_clauses
    example = functools.partial(
        draw_example,
        grammar=grammar,
        num_objects=num_objects,
        side=side,
        size=SIZE,
        num_questions=questions_per_picture,
        most_clauses=most,
    )

    def sample(key: PRNGKey, data: PyTree, length: Int[Array, ""]) -> Batch:
        del data, length  # questions have the length they have
        count = batch_size // questions_per_picture
        if training and num_pictures:
            place = jax.random.randint(key, (count,), 0, num_pictures, jnp.int32)
            fixed = jax.random.key(_FIXED_SEED)
            keys = jax.vmap(lambda i: jax.random.fold_in(fixed, i))(place)
        else:
            keys = jax.random.split(key, count)
        scenes, questions, answers = jax.vmap(example)(keys)
        flat = lambda x: x.reshape(batch_size, *x.shape[2:])
        tokens, sizes = grammar.write(jax.tree.map(flat, questions))
        if blind == "question":
            tokens = jnp.full_like(tokens[:, :1], grammar.symbols.index("?"))
            sizes = jnp.ones_like(sizes)
        batch = _arranged(tokens, sizes, flat(answers), grammar, max_length, answer)
        pictures = jax.vmap(lambda scene: paint(scene, side, SIZE))(scenes)
        if blind == "image":
            pictures = jnp.ones_like(pictures)
        return batch._replace(inputs={"image": pictures, "tokens": batch.inputs})

    floor = functools.partial(
        floors, tuple(kinds), num_clauses, num_objects, side, SIZE
    )
    size = len(grammar.symbols)
    num_outputs = len(grammar.answers) if answer == "class" else size
    return Task(
        sample=sample,
        interface=Interface(
            size, size, num_outputs, padding=True, image=(side, side, 3)
        ),
        max_length=max_length,
        loss=cross_entropy,
        metrics=metrics_of(grammar, by_kind=blind != "question"),
        score_metric="accuracy",
        floor=lambda length: floor()["majority"]["accuracy"],
        optimum=lambda length: 1.0,
        window_score=None,
        version=1,
        system="picture_questions",
        symbols=grammar.symbols,
        separator=" ",
        classes=grammar.answers,
        facts={
            "kinds": list(kinds),
            "relational": [kind for kind in kinds if FORMS[kind].relational],
            "num_clauses": num_clauses,
            "answer": answer,
            "blind": blind,
            "pictures": num_pictures or "drawn anew",
        },
    )


def scene_floors(settings: Mapping[str, Any]) -> Mapping[str, Mapping[str, float]]:
    """The floors of the task with these settings, by metric (lib.tasks.question_floor).

    Without the question there is no telling kinds apart, which is what the floor of
    "image_only" over all questions says; over one kind the kind is told.
    """
    sizes = (settings[name] for name in ("num_clauses", "num_objects", "side"))
    return floors(tuple(settings["kinds"]), *sizes, SIZE)


def _arranged(
    tokens: Int[Array, "B L"],
    sizes: Int[Array, " B"],
    answers: Int[Array, " B"],
    grammar: Grammar,
    size: int,
    answer: str,
) -> Batch:
    """Questions, each with the class of its answer at its last word, or with words."""
    none = jnp.zeros_like(sizes)
    if answer == "class":
        said, count = answers[:, None], jnp.ones_like(sizes)
    else:
        index = grammar.symbols.index
        words = jnp.asarray([index(word) for word in grammar.answers], jnp.int32)
        end = jnp.full_like(answers, index(END))
        said, count = jnp.stack([words[answers], end], axis=1), 2 * jnp.ones_like(sizes)
    story = jnp.zeros_like(tokens[:, :1])
    record = Record(story, none, tokens, sizes, said, count)
    return arrange(record, "story", size)


def metrics_of(grammar: Grammar, by_kind: bool) -> dict[str, Metric]:
    """Accuracy: of all questions, by kind, of those about one thing or a relation, and
    by number of clauses."""

    def over(which) -> Metric:
        def accumulate(outputs: Float[Array, "B T V"], batch: Batch) -> Mean:
            right, asked = is_exact(outputs, batch)
            return share(right, asked & which(batch.inputs["tokens"]), batch.mask)

        return Metric(accumulate, mean)

    def any_of(kinds: Sequence[Kind]):
        def which(tokens: Int[Array, "B T"]) -> Bool[Array, " B"]:
            found = [grammar.is_kind(tokens, kind) for kind in kinds]
            return jnp.any(jnp.stack(found), axis=0)

        return which

    metrics = {"accuracy": exact_match}
    if not by_kind:
        return metrics
    groups: dict[str, list[Kind]] = {
        "one_object": [k for k in grammar.kinds if not FORMS[k].relational],
        "relations": [k for k in grammar.kinds if FORMS[k].relational],
    }
    for name, kinds in groups.items():
        if kinds:
            metrics[name] = over(any_of(kinds))
    for kind in grammar.kinds:
        metrics[kind] = over(any_of([kind]))
    for count in range(grammar.num_clauses + 1 if grammar.num_clauses else 0):
        metrics[f"clauses_{count}"] = over(
            lambda tokens, count=count: grammar.count_clauses(tokens) == count
        )
    return metrics


def _check(
    grammar: Grammar,
    batch_size: int,
    max_length: int,
    per_picture: int,
    num_objects: int,
    side: int,
) -> None:
    kinds = grammar.kinds
    if not kinds or len(set(kinds)) < len(kinds):
        raise ValueError(f"{NAME}: kinds must name each kind once, got {kinds!r}.")
    if "colour" in kinds and not grammar.num_clauses:
        raise ValueError(
            f"{NAME}: the kind 'colour' needs num_clauses of at least 1, got 0: the "
            "question would name the colour."
        )
    if batch_size % per_picture:
        raise ValueError(
            f"{NAME}: the batch size must be a multiple of questions_per_picture = "
            f"{per_picture}, got {batch_size}."
        )
    if max_length < grammar.longest:
        raise ValueError(
            f"{NAME}: length must be at least {grammar.longest}, the words of the "
            f"longest question, got {max_length}."
        )
    if not fits(num_objects, side, SIZE):
        raise ValueError(
            f"{NAME}: {num_objects} things of {2 * SIZE:g} pixels do not fit on a side "
            f"of {side} pixels with room to place them at random."
        )
