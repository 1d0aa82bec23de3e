"""What is asked about a scene of coloured shapes, as words.

A question is fixed words around a noun phrase. It names one thing by its colour, or by
a chain of relations, its clauses, that begins at a colour:

    the red thing
    the thing left of the red thing                              one clause
    the thing just above the thing left of the red thing         two clauses

Each clause has four words, so that 4 c words stand between what is asked and the noun.
"left of" is the next thing to the left, wherever in height, and "just above" the next
one up: a clause always names one thing.

    kind      question                                             answer
    shape     what shape is NOUN ?                                 circle, square
    left      is NOUN on the left ?                                yes, no
    top       is NOUN at the top ?                                 yes, no
    closest   what shape is the thing closest to NOUN ?            circle, square
    furthest  what shape is the thing furthest from NOUN ?         circle, square
    same      how many things have the shape of NOUN ?             1, 2, ...
    colour    what colour is NOUN ?    (of one clause or more)     a colour
    exists    is there a red square ?                              yes, no
    compare   is NOUN further left than the blue thing ?           yes, no
    more      do circles outnumber squares ?                       yes, no
    number    how many squares are there ?                         0, 1, ...

The first three are about one thing, the next three about relations: these six are the
questions of Sort-of-CLEVR (Santoro et al. 2017, arXiv:1706.01427, section 4.2).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from lib.data.question import SPECIAL

Kind = Literal[
    "shape",
    "left",
    "top",
    "closest",
    "furthest",
    "same",
    "colour",
    "exists",
    "compare",
    "more",
    "number",
]
# In 255ths: those of the published code.
COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "orange": (255, 156, 0),
    "grey": (128, 128, 128),
    "yellow": (255, 255, 0),
}
SHAPES, PLURALS = ("circle", "square"), ("circles", "squares")
CLAUSES = ("left of", "right of", "just above", "just below")  # after "the thing"


class Form(NamedTuple):
    """A kind of question. Slots: NOUN, and the COLOUR and SHAPE of something else."""

    words: str
    answers: Literal["shape", "yes", "number", "colour"]
    mark: str = ""  # a word that no other kind has; none for the first
    relational: bool = False  # about more than one thing
    lowest: int = 0  # of the numbers it answers


FORMS: dict[Kind, Form] = {
    "shape": Form("what shape is NOUN ?", "shape"),
    "left": Form("is NOUN on the left ?", "yes", "on"),
    "top": Form("is NOUN at the top ?", "yes", "at"),
    "closest": Form(
        "what shape is the thing closest to NOUN ?", "shape", "closest", True
    ),
    "furthest": Form(
        "what shape is the thing furthest from NOUN ?", "shape", "furthest", True
    ),
    "same": Form("how many things have the shape of NOUN ?", "number", "have", True, 1),
    "colour": Form("what colour is NOUN ?", "colour", "colour"),
    "exists": Form("is there a COLOUR SHAPE ?", "yes", "a"),
    "compare": Form(
        "is NOUN further left than the COLOUR thing ?", "yes", "further", True
    ),
    "more": Form("do circles outnumber squares ?", "yes", "outnumber", True),
    "number": Form("how many SHAPES are there ?", "number", "are", True),
}
SORT_OF_CLEVR: tuple[Kind, ...] = tuple(FORMS)[:6]


class Question(NamedTuple):
    """N questions as the numbers that their words follow from."""

    kind: Int[Array, " N"]  # a place among the grammar's kinds
    colour: Int[Array, " N"]  # of the thing that the noun phrase begins at
    num_clauses: Int[Array, " N"]
    clauses: Int[Array, "N C"]  # places in CLAUSES; the first is next to the colour
    other: Int[Array, " N"]  # the slot COLOUR
    shape: Int[Array, " N"]  # the slots SHAPE and SHAPES


class Grammar(NamedTuple):
    """The words of some kinds of question with up to `num_clauses` clauses."""

    kinds: tuple[Kind, ...]
    num_clauses: int
    symbols: tuple[str, ...]
    answers: tuple[str, ...]  # the names of the classes

    @property
    def longest(self) -> int:
        """The words of the longest question, its mark included."""
        return self._forms().shape[-1]

    def write(self, question: Question) -> tuple[Array, Int[Array, " N"]]:
        """Tokens [N, longest], padded to the right, and how many words there are."""
        forms = jnp.asarray(self._forms())
        tokens = forms[question.kind, question.num_clauses]
        length = jnp.sum(tokens != 0, axis=1, dtype=jnp.int32)
        for slot, words in self._words(question).items():
            tokens = jnp.where(tokens == slot, words[:, None], tokens)
        return tokens, length

    def is_kind(self, tokens: Int[Array, "N T"], kind: Kind) -> Bool[Array, " N"]:
        """Whether questions are of a kind: by its mark, or for want of any."""
        marks = [FORMS[k].mark for k in self.kinds if FORMS[k].mark]
        marked = {mark: self._count(tokens, mark) > 0 for mark in marks}
        if FORMS[kind].mark:
            return marked[FORMS[kind].mark]
        asks = self._count(tokens, "?") > 0
        for found in marked.values():
            asks &= ~found
        return asks

    def count_clauses(self, tokens: Int[Array, "N T"]) -> Int[Array, " N"]:
        """How many clauses questions have: every one has a relation of its own."""
        of = self._count(tokens, "of") - self._count(tokens, "have")
        return of + self._count(tokens, "above") + self._count(tokens, "below")

    def _count(self, tokens: Int[Array, "N T"], word: str) -> Int[Array, " N"]:
        token = self.symbols.index(word)
        return jnp.sum(tokens == token, axis=1, dtype=jnp.int32)

    def _forms(self) -> Int[np.ndarray, "K C L"]:
        """The tokens of each kind with each number of clauses; slots are below 0."""
        rows = [
            [self._form(kind, count) for count in range(self.num_clauses + 1)]
            for kind in self.kinds
        ]
        longest = max(len(row) for of_kind in rows for row in of_kind)
        pad = lambda row: row + [0] * (longest - len(row))
        return np.array([[pad(row) for row in of_kind] for of_kind in rows], np.int32)

    def _form(self, kind: Kind, count: int) -> list[int]:
        clauses = [f"the thing FIRST{i} SECOND{i}" for i in reversed(range(count))]
        noun = " ".join([*clauses, "the NAMED thing"])
        words = FORMS[kind].words.replace("NOUN", noun).split()
        slots = _slots(self.num_clauses)
        return [
            slots[word] if word in slots else self.symbols.index(word) for word in words
        ]

    def _words(self, question: Question) -> dict[int, Int[Array, " N"]]:
        """What stands in each slot."""
        token = self.symbols.index
        number = lambda words: jnp.asarray([token(word) for word in words], jnp.int32)
        colours, plurals = number(COLOURS), number(PLURALS)
        told = {
            "NAMED": colours[question.colour],
            "COLOUR": colours[question.other],
            "SHAPE": number(SHAPES)[question.shape],
            "SHAPES": plurals[question.shape],
        }
        pairs = [words.split() for words in CLAUSES]
        for i in range(self.num_clauses):
            clause = question.clauses[:, i]
            told[f"FIRST{i}"] = number([first for first, _ in pairs])[clause]
            told[f"SECOND{i}"] = number([second for _, second in pairs])[clause]
        slots = _slots(self.num_clauses)
        return {slots[name]: words for name, words in told.items()}


def make_grammar(kinds: Sequence[Kind], num_clauses: int, num_objects: int) -> Grammar:
    """The grammar of some kinds of question about `num_objects` things."""
    slots = {"NOUN", "COLOUR", "SHAPE", "SHAPES"}
    fixed = [word for form in FORMS.values() for word in form.words.split()]
    fixed += [word for words in CLAUSES for word in words.split()] + ["the", "thing"]
    numbers = tuple(str(n) for n in range(num_objects + 1))
    own = (*COLOURS, *SHAPES, *PLURALS, "yes", "no", *numbers)
    symbols = (*SPECIAL, *own, *sorted(set(fixed) - slots - set(own)))
    said = {"shape": SHAPES, "yes": ("yes", "no"), "colour": tuple(COLOURS)}
    answers = [
        word
        for kind in kinds
        for word in said.get(FORMS[kind].answers, numbers[FORMS[kind].lowest :])
    ]
    return Grammar(tuple(kinds), num_clauses, symbols, tuple(dict.fromkeys(answers)))


def _slots(num_clauses: int) -> dict[str, int]:
    names = ["NAMED", "COLOUR", "SHAPE", "SHAPES"]
    for i in range(num_clauses):
        names += [f"FIRST{i}", f"SECOND{i}"]
    return {name: -1 - i for i, name in enumerate(names)}
