"""What can be answered about a scene without its question, or without its picture.

The best answer to a question, whatever the picture, is the one that is right most often
over all pictures: no predictor that sees the question alone does better. It is counted:
the answers to half of the questions drawn choose, those to the others judge, so a share
is not flattered by the choice; its standard deviation is about 0.003. Questions that
differ in the names of colours alone count as one, since no colour is special; an answer
that is a colour counts by its distance from the noun's.

Without the question the best is each picture's most frequent answer over all that may
be asked of it; for one kind, or number of clauses, over what may be asked of that.
"""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Int

from lib.tasks.question_grammar import (
    COLOURS,
    FORMS,
    Grammar,
    Kind,
    Question,
    make_grammar,
)
from lib.tasks.question_scene import draw_example

_SEED = 23
_MANY, _FEW = (2**14, 4), (2**7, 2**10)  # scenes, and questions of each


class Asked(NamedTuple):
    """Questions drawn for counting: scenes, questions, classes of the answers."""

    scene: Int[np.ndarray, " N"]
    question: Question
    answer: Int[np.ndarray, " N"]


@functools.cache
def floors(
    kinds: tuple[Kind, ...], num_clauses: int, num_objects: int, side: int, size: float
) -> Mapping[str, Mapping[str, float]]:
    """The shares of "majority", "question_only", "image_only", each by metric."""
    grammar = make_grammar(kinds, num_clauses, num_objects)
    draw = functools.partial(_draw, grammar, num_objects, side=side, size=size)
    many, few = draw(*_MANY), draw(*_FEW)
    of_many, of_few = _parts(many, grammar), _parts(few, grammar)
    alone, answers = _written(many, grammar)
    found: dict[str, dict[str, float]] = {
        "majority": {},
        "question_only": {},
        "image_only": {},
    }
    for name, part in of_many.items():
        one = np.zeros_like(many.answer)[part]
        found["majority"][name] = best_share(one, many.answer[part])
        found["question_only"][name] = best_share(alone[part], answers[part])
    for name, part in of_few.items():
        found["image_only"][name] = best_share(few.scene[part], few.answer[part])
    return found


def best_share(group: Int[np.ndarray, " N"], answer: Int[np.ndarray, " N"]) -> float:
    """How often the most frequent answer of each group is right, chosen on every other
    example and judged on the rest."""
    counts = np.zeros((group.max() + 1, answer.max() + 1))
    np.add.at(counts, (group[::2], answer[::2]), 1)
    return float((counts.argmax(axis=1)[group[1::2]] == answer[1::2]).mean())


def _draw(
    grammar: Grammar,
    num_objects: int,
    num_scenes: int,
    per_scene: int,
    side: int,
    size: float,
) -> Asked:
    example = functools.partial(
        draw_example,
        grammar=grammar,
        num_objects=num_objects,
        side=side,
        size=size,
        num_questions=per_scene,
        most_clauses=grammar.num_clauses,
    )
    keys = jax.random.split(jax.random.key(_SEED), num_scenes)
    _, question, answer = jax.jit(jax.vmap(example))(keys)
    flat = lambda x: np.asarray(x).reshape(num_scenes * per_scene, *x.shape[2:])
    scene = np.repeat(np.arange(num_scenes), per_scene)
    asked = Asked(scene, jax.tree.map(flat, question), flat(answer))
    # In a random order, so that every other one is any.
    order = np.random.default_rng(_SEED).permutation(len(scene))
    return jax.tree.map(lambda x: x[order], asked)


def _written(asked: Asked, grammar: Grammar) -> tuple[np.ndarray, np.ndarray]:
    """What is written, colours aside, as a number; and answers as far as it tells."""
    kind, colour, clauses, chain, other, shape = asked.question
    kinds = grammar.kinds
    words = [FORMS[k].words for k in kinds]
    has = lambda slot: np.array([slot in w.split() for w in words])[kind]
    noun = has("NOUN")
    rows = [
        kind,
        noun * (1 + clauses),
        *(noun[:, None] * chain).T,
        (has("COLOUR") & noun) * (other == colour),
        (has("SHAPE") | has("SHAPES")) * shape,
    ]
    _, group = np.unique(np.stack(rows, axis=1), axis=0, return_inverse=True)
    answers = grammar.answers
    first = answers.index("red") if "red" in answers else 0
    away = first + (asked.answer - first - colour) % len(COLOURS)
    is_colour = np.array([FORMS[k].answers == "colour" for k in kinds])[kind]
    return group.reshape(-1), np.where(is_colour, away, asked.answer)


def _parts(asked: Asked, grammar: Grammar) -> dict[str, Bool[np.ndarray, " N"]]:
    """The questions that each of the task's metrics is over."""
    kinds, num_clauses = grammar.kinds, grammar.num_clauses
    relational = np.array([FORMS[k].relational for k in kinds])[asked.question.kind]
    parts = {"accuracy": np.ones_like(relational)}
    parts |= {"one_object": ~relational, "relations": relational}
    parts |= {kind: asked.question.kind == i for i, kind in enumerate(kinds)}
    if num_clauses:
        has_noun = np.array(["NOUN" in FORMS[k].words for k in kinds])
        for count in range(num_clauses + 1):
            own = np.where(has_noun[asked.question.kind], asked.question.num_clauses, 0)
            parts[f"clauses_{count}"] = own == count
    return {name: part for name, part in parts.items() if part.any()}
