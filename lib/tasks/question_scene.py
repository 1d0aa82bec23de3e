"""Scenes of coloured shapes, and questions about them with their answers.

Things are circles and squares of one size, each of its own colour, placed at random
with a gap between them: a place is drawn again where it is too close to an earlier one.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from lib.tasks import canvas
from lib.tasks.question_grammar import CLAUSES, COLOURS, SHAPES, Grammar, Kind, Question
from lib.types import PRNGKey

_TRIES = 64  # places drawn for the things of a scene; see `fits`
_GAP = 1.0  # pixels between two squares, at least
_OPPOSITE = (1, 0, 3, 2)  # of each of CLAUSES


class Scene(NamedTuple):
    """N things."""

    shape: Int[Array, " N"]  # a place in SHAPES
    colour: Int[Array, " N"]  # a place in COLOURS; no two are alike
    centre: Float[Array, "N 2"]  # row and column, in pixels


def fits(num_objects: int, side: int, size: float) -> bool:
    """Whether things of half width `size` find their places.

    Where the others block at most 0.6 of the places, 64 draws leave one of six things
    without a place with a chance below 1e-9.
    """
    taken = (num_objects - 1) * (4 * size + 2 * _GAP) ** 2
    return taken <= 0.6 * (side - 2 * size) ** 2


def draw_example(
    key: PRNGKey,
    grammar: Grammar,
    num_objects: int,
    side: int,
    size: float,
    num_questions: int,
    most_clauses: int,
) -> tuple[Scene, Question, Int[Array, " Q"]]:
    """A scene, questions about it of up to `most_clauses`, and the answers' classes."""
    of_scene = 2 * _TRIES + num_objects + len(COLOURS)
    of_question = 4 + len(CLAUSES) * grammar.num_clauses
    # One draw for all: each would be compiled by itself.
    drawn = jax.random.uniform(key, (1 + of_scene + num_questions * of_question,))
    scene = draw_scene(drawn[1 : 1 + of_scene], num_objects, side, size)
    draws = drawn[1 + of_scene :].reshape(num_questions, of_question)
    kinds = len(grammar.kinds)
    # Kinds come in turn, beginning anywhere, so that each is asked equally often.
    kind = _below(drawn[0], kinds) + jnp.arange(num_questions, dtype=jnp.int32)
    return scene, *_ask(draws, kind % kinds, scene, grammar, most_clauses, side)


def draw_scene(
    draws: Float[Array, " D"], num_objects: int, side: int, size: float
) -> Scene:
    """A scene of numbers uniform in [0, 1); `fits` of the same sizes holds."""
    drawn = size + (side - 2 * size) * draws[: 2 * _TRIES].reshape(_TRIES, 2)
    of_shape, of_colour = jnp.split(draws[2 * _TRIES :], [num_objects])
    number = jnp.arange(num_objects, dtype=jnp.int32)

    def place(carry: tuple, centre: Float[Array, " 2"]) -> tuple:
        centres, count = carry
        apart = jnp.max(jnp.abs(centres - centre[None, :]), axis=1) >= 2 * size + _GAP
        free = jnp.all(apart | (number >= count)) & (count < num_objects)
        here = (number == count) & free
        centres = jnp.where(here[:, None], centre[None, :], centres)
        return (centres, count + free.astype(jnp.int32)), None

    empty = jnp.zeros((num_objects, 2), jnp.float32)
    (centre, _), _ = jax.lax.scan(place, (empty, jnp.int32(0)), drawn)
    colour = jnp.argsort(of_colour)[:num_objects].astype(jnp.int32)
    return Scene(_below(of_shape, len(SHAPES)), colour, centre)


def paint(scene: Scene, side: int, size: float) -> Float[Array, "S S 3"]:
    """The picture of a scene, on white."""
    count = len(scene.shape)
    palette = jnp.asarray(list(COLOURS.values()), jnp.float32) / 255
    kinds = jnp.asarray([canvas.KINDS.index(shape) for shape in SHAPES], jnp.int32)
    shapes = canvas.Shapes(
        kinds[scene.shape],
        palette[scene.colour],
        scene.centre,
        jnp.full((count,), size, jnp.float32),
        jnp.ones((count,), bool),
    )
    return canvas.draw(shapes, side, jnp.ones((3,), jnp.float32))


class Facts(NamedTuple):
    """What the questions of a scene turn on."""

    nearest: Int[Array, " N"]
    furthest: Int[Array, " N"]
    next: Int[Array, "R N"]  # the thing that each of CLAUSES leads to
    leads: Bool[Array, "R N"]  # whether it leads anywhere


def facts_of(scene: Scene) -> Facts:
    """Between all pairs of a scene's things."""
    centre = scene.centre
    step = centre[None, :, :] - centre[:, None, :]  # [from, to, 2]
    squared = jnp.sum(step**2, axis=-1)
    itself = jnp.eye(len(centre), dtype=bool)
    row, column = step[..., 0], step[..., 1]
    # How far each of CLAUSES leads in its direction: left, right, up, down.
    ahead = jnp.stack([-column, column, -row, row])
    ahead = jnp.where(ahead > 0, ahead, jnp.full_like(ahead, jnp.inf))
    least = lambda x: jnp.argmin(x, axis=-1).astype(jnp.int32)
    return Facts(
        least(jnp.where(itself, jnp.inf, squared)),
        least(jnp.where(itself, jnp.inf, -squared)),
        least(ahead),
        jnp.any(ahead < jnp.inf, axis=-1),
    )


def _ask(
    draws: Float[Array, "Q D"],
    kind: Int[Array, " Q"],
    scene: Scene,
    grammar: Grammar,
    most_clauses: int,
    side: int,
) -> tuple[Question, Int[Array, " Q"]]:
    """Questions of some kinds about a scene, and the classes of the answers.

    The number of clauses is uniform from 0 (of the kind "colour" from 1, because its
    colour would be said in the question) to `most_clauses`. A clause is uniform over
    those that lead somewhere and do not lead straight back.
    """
    facts, objects = facts_of(scene), len(scene.shape)
    named, number, away, shape = (draws[:, i] for i in range(4))
    named = _below(named, objects)
    least = jnp.asarray([k == "colour" for k in grammar.kinds])[kind]
    least = least.astype(jnp.int32)
    clauses = least + _below(number, 1 + most_clauses - least)
    chosen = draws[:, 4:].reshape(len(draws), grammar.num_clauses, len(CLAUSES))
    thing, chain = _follow(chosen, facts, named, clauses)
    # Another thing than the one that is asked about.
    other = (thing + 1 + _below(away, objects - 1)) % objects
    question = Question(
        kind,
        scene.colour[named],
        clauses,
        chain,
        scene.colour[other],
        _below(shape, len(SHAPES)),
    )
    answer = _answer(scene, facts, grammar, question, thing, other, side)
    return question, answer


def _follow(
    draws: Float[Array, "Q C R"],
    facts: Facts,
    named: Int[Array, " Q"],
    count: Int[Array, " Q"],
) -> tuple[Int[Array, " Q"], Int[Array, "Q C"]]:
    """The thing that each chain of `count` clauses ends at, and its clauses."""
    opposite = jnp.asarray(_OPPOSITE, jnp.int32)
    own = jnp.arange(len(CLAUSES), dtype=jnp.int32)[None, :]
    thing, back = named, jnp.full_like(named, -1)
    chain = jnp.zeros(draws.shape[:2], jnp.int32)
    for i in range(draws.shape[1]):
        leads = facts.leads[:, thing].T & (own != back[:, None])  # [Q, R]
        clause = jnp.argmax(jnp.where(leads, draws[:, i], -1.0), axis=1)
        clause = clause.astype(jnp.int32)
        thing = jnp.where(i < count, facts.next[clause, thing], thing)
        back = opposite[clause]
        chain = chain.at[:, i].set(jnp.where(i < count, clause, 0))
    return thing, chain


def _below(draw: Float[Array, "*N"], bound: int | Array) -> Int[Array, "*N"]:
    """Uniform integers from 0 to bound - 1, of numbers uniform in [0, 1)."""
    return jnp.floor(draw * jnp.asarray(bound, draw.dtype)).astype(jnp.int32)


def _answer(
    scene: Scene,
    facts: Facts,
    grammar: Grammar,
    question: Question,
    thing: Int[Array, " Q"],
    other: Int[Array, " Q"],
    side: int,
) -> Int[Array, " Q"]:
    """The class of each answer, a place among the grammar's answers."""
    shape, row, column = scene.shape, scene.centre[:, 0], scene.centre[:, 1]
    own, middle = shape[thing], side / 2
    place = lambda words: jnp.asarray(
        [grammar.answers.index(w) if w in grammar.answers else 0 for w in words],
        jnp.int32,
    )
    shapes, colours, spoken = place(SHAPES), place(COLOURS), place(("no", "yes"))
    numbers = place([str(n) for n in range(len(shape) + 1)])
    yes = lambda is_so: spoken[is_so.astype(jnp.int32)]
    count = lambda wanted: jnp.sum(
        shape[None, :] == wanted[:, None], axis=1, dtype=jnp.int32
    )
    circles, squares = count(jnp.zeros_like(thing)), count(jnp.ones_like(thing))
    answers: dict[Kind, Array] = {
        "shape": shapes[own],
        "left": yes(column[thing] < middle),
        "top": yes(row[thing] < middle),
        "closest": shapes[shape[facts.nearest[thing]]],
        "furthest": shapes[shape[facts.furthest[thing]]],
        "same": numbers[count(own)],
        "colour": colours[scene.colour[thing]],
        "exists": yes(shape[other] == question.shape),
        "compare": yes(column[thing] < column[other]),
        "more": yes(circles > squares),
        "number": numbers[count(question.shape)],
    }
    return jnp.stack([answers[kind] for kind in grammar.kinds])[
        question.kind, jnp.arange(len(thing), dtype=jnp.int32)
    ]
