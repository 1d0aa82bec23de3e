"""What is said about a scene: a grammar to tell it by, and a parser to read it back.

    caption  = object { link relation object } { "and" detail } "."
    object   = "a" [size] [colour] kind
    link     = "is", or "that is" from the second on
    relation = "left of" | "right of" | "above" | "below"
    detail   = "the" [size] [colour] kind "is at the" vertical horizontal
    vertical = "top" | "bottom",  horizontal = "left" | "right"

A relation holds between the object before it and the one after it. A detail places one
of the objects told before. A told scene of two shapes with one detail:

    a small red circle is left of a large blue square and the small red circle is at
    the top left .

`tell` writes the tokens of a caption on the device, all of whose words are true.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lib.data.caption import FIRST
from lib.data.question import END
from lib.tasks.canvas import KINDS
from lib.tasks.scene import COLOURS, SIZES, Scene
from lib.types import PRNGKey

RELATIONS = ("left of", "right of", "above", "below")
VERTICAL, HORIZONTAL = ("top", "bottom"), ("left", "right")
_WORDS = ("a", "the", "is", "that", "and", "at", "of", *HORIZONTAL, *VERTICAL)
SYMBOLS: tuple[str, ...] = (
    *FIRST,
    *_WORDS,
    "above",
    "below",
    *SIZES,
    *COLOURS,
    *KINDS,
)
TOKEN = {symbol: token for token, symbol in enumerate(SYMBOLS)}
TOLERANCE = 1 / 16  # of the side: how far apart centres are that a relation is told of

Order = Literal["canonical", "sampled"]


def caption_size(num_shapes: int, num_details: int) -> int:
    """Tokens of the longest caption, its END counted."""
    links = 0 if num_shapes < 2 else 3 + 4 * (num_shapes - 2)
    return 4 * num_shapes + links + 10 * min(num_details, num_shapes) + 1


def tell(
    key: PRNGKey, scene: Scene, side: int, num_details: int, order: Order
) -> tuple[Int[Array, " S"], Int[Array, ""]]:
    """The tokens of a caption of one scene, padded with 0, and their number.

    Canonical: objects in the order of their colours' names, each related to the next
    along the axis on which they are further apart. Sampled: the order is random, and so
    is the axis where both tell the two apart. Detail d places object d, if it is there.
    """
    N = scene.kind.shape[-1]
    order_key, axis_key = jax.random.split(key)
    rank = scene.colour.astype(jnp.float32)
    if order == "sampled":
        rank = jax.random.uniform(order_key, (N,))
    told = jnp.argsort(jnp.where(scene.present, rank, jnp.inf))
    count = jnp.sum(scene.present).astype(jnp.int32)
    centre, words = scene.centre[told], _object_words(scene)[told]
    # A row an object, after what relates it to the one before: of the first, nothing.
    relation = _relations(centre, side, None if order == "canonical" else axis_key)
    relation = jnp.concatenate([jnp.zeros(1, jnp.int32), relation])
    place = jnp.arange(N, dtype=jnp.int32)
    chain = [
        *_said("that is", N),
        jnp.asarray(_RELATION)[relation],
        *_said("of a", N),
        *words.T,
    ]
    kept = jnp.broadcast_to((place < count)[:, None], (N, len(chain)))
    later = (place > 0) & (relation < 2)  # "left of" and "right of" have two words
    for column, there in enumerate((place > 1, place > 0, place > 0, later)):
        kept = kept.at[:, column].set(kept[:, column] & there)
    D = min(num_details, N)
    below, across = ((centre[:D] >= side / 2).astype(jnp.int32)).T
    where = [jnp.asarray(_VERTICAL)[below], jnp.asarray(_HORIZONTAL)[across]]
    detail = [*_said("and the", D), *words[:D].T, *_said("is at the", D), *where]
    kept_detail = jnp.broadcast_to((place[:D] < count)[:, None], (D, len(detail)))
    tokens = jnp.concatenate([_row_by_row(chain), _row_by_row(detail), _END])
    kept = jnp.concatenate([kept.ravel(), kept_detail.ravel(), jnp.ones(1, bool)])
    size = jnp.sum(kept).astype(jnp.int32)
    # Those kept move up to the place they have among themselves; the others drop out.
    place = jnp.where(kept, jnp.cumsum(kept) - 1, len(tokens))
    return jnp.zeros_like(tokens).at[place].set(tokens, mode="drop"), size


def _tokens(words: Sequence[str]) -> Int[np.ndarray, " W"]:
    return np.array([TOKEN[word] for word in words], np.int32)


_END = _tokens((END,))
_RELATION = _tokens([relation.split()[0] for relation in RELATIONS])
_VERTICAL, _HORIZONTAL = (_tokens(w) for w in (VERTICAL, HORIZONTAL))
_ATTRIBUTES = tuple(_tokens(w) for w in (SIZES, tuple(COLOURS), KINDS))


def _object_words(scene: Scene) -> Int[Array, "N 3"]:
    sizes, colours, kinds = map(jnp.asarray, _ATTRIBUTES)
    words = [sizes[scene.size], colours[scene.colour], kinds[scene.kind]]
    return jnp.stack(words, axis=1)


def _said(words: str, count: int) -> list[Int[Array, " N"]]:
    """The tokens of words, each as a column of `count` rows."""
    return [jnp.full(count, TOKEN[word], jnp.int32) for word in words.split()]


def _row_by_row(columns: Sequence[Int[Array, " N"]]) -> Int[Array, " S"]:
    return jnp.stack(columns, axis=1).ravel()


def _relations(
    centre: Float[Array, "N 2"], side: int, key: PRNGKey | None
) -> Int[Array, " N-1"]:
    """The index in RELATIONS of what each is of the next; a key draws the axis."""
    rows, columns = (centre[1:] - centre[:-1]).T
    beside = jnp.abs(columns) >= jnp.abs(rows)
    if key is not None:
        least = jnp.minimum(jnp.abs(columns), jnp.abs(rows))
        coin = jax.random.bernoulli(key, 0.5, beside.shape)
        beside = jnp.where(least >= TOLERANCE * side, coin, beside)
    across, down = jnp.where(columns > 0, 0, 1), jnp.where(rows > 0, 2, 3)
    return jnp.where(beside, across, down).astype(jnp.int32)


class Object(NamedTuple):
    """What a caption says of one shape; "" for what it does not say."""

    size: str
    colour: str
    kind: str


class Told(NamedTuple):
    """What a caption says: objects, relations between them, and where some of them are.

    Relations are (index, relation, index); places are (index, vertical, horizontal),
    where the index is None if no object told before is the one placed.
    """

    objects: tuple[Object, ...]
    relations: tuple[tuple[int, str, int], ...]
    places: tuple[tuple[int | None, str, str], ...]


def parse(words: Sequence[str]) -> Told | None:
    """What a caption says; None where the grammar has no such caption."""
    try:
        return _Parser(words).caption()
    except _Ungrammatical:
        return None


class _Ungrammatical(Exception):
    """The next word is none that may follow."""


class _Parser:
    """Recursive descent over words; each method reads one rule of the grammar."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.place = 0

    def caption(self) -> Told:
        objects, relations, places = [self.object("a")], [], []
        while self.ahead() in ("is", "that"):
            self.expect("that is" if relations else "is")
            relation = self.one_of(tuple(r.split()[0] for r in RELATIONS))
            if relation in HORIZONTAL:
                self.expect("of")
                relation += " of"
            objects.append(self.object("a"))
            relations.append((len(objects) - 2, relation, len(objects) - 1))
        while self.ahead() == "and":
            self.expect("and")
            named = self.object("the")
            self.expect("is at the")
            of = objects.index(named) if named in objects else None
            places.append((of, self.one_of(VERTICAL), self.one_of(HORIZONTAL)))
        self.expect(END)
        if self.place < len(self.words):
            raise _Ungrammatical
        return Told(tuple(objects), tuple(relations), tuple(places))

    def object(self, article: str) -> Object:
        self.expect(article)
        size = self.one_of(SIZES) if self.ahead() in SIZES else ""
        colour = self.one_of(tuple(COLOURS)) if self.ahead() in COLOURS else ""
        return Object(size, colour, self.one_of(KINDS))

    def ahead(self) -> str:
        return self.words[self.place] if self.place < len(self.words) else ""

    def one_of(self, allowed: Sequence[str]) -> str:
        word = self.ahead()
        if word not in allowed:
            raise _Ungrammatical
        self.place += 1
        return word

    def expect(self, words: str) -> None:
        for word in words.split():
            self.one_of((word,))
