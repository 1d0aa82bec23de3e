"""Texts as words or characters: what counts as one, and what never becomes one.

A text is masked before anything else reads it, so that no personal address becomes a
token, reaches a vocabulary or is shown (lib.data.address says what is one):

    jim.smith@cs.colorado.edu     @cs.colorado.edu      only the host's words stay
    gate!host!jim                 gate!host!@           of a route too
    (303) 492-1234, 07781482378   ☎                     one symbol a telephone number

Words, of the masked text in lower case, are the longest matches of

    letters and digits, with inner apostrophes     don't  486dx2  1993
    numbers with inner points or commas            3.5  1,000
    one of ! ? $ £ € % @ ☎

and everything else parts them. Characters are those of the masked text as they stand,
a run of white space as one space. Token 0 is the padding "", token 1 stands for every
unknown symbol; the others are the commonest of the training texts, the most frequent
first, equals in the order of their code points.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, islice
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from lib.data.address import find_addresses

Unit = Literal["word", "character"]

PADDING, UNKNOWN = 0, 1
ADDRESS, PHONE = "@", "\N{BLACK TELEPHONE}"

_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[^\W_]+(?:'[^\W_]+)*|[!?$£€%{ADDRESS}{PHONE}]")
_SPACE = re.compile(r"\s+")
_RUN = re.compile(r"\s+|\S")


class Piece(NamedTuple):
    """A symbol as a model reads it, and where it stands in the masked text."""

    symbol: str
    start: int
    stop: int


def mask(text: str) -> str:
    """The text with hosts alone left of addresses, and one symbol for each number."""
    parts, stop = [], 0
    for address in find_addresses(text):
        own = text[address.start : address.stop]
        parts += [text[stop : address.start], _masked(own, address.mask)]
        stop = address.stop
    return "".join(parts) + text[stop:]


def _masked(address: str, kind: str) -> str:
    if kind == "[phone]":
        return PHONE
    if "@" in address:
        return ADDRESS + address.rpartition("@")[2].lstrip()
    hosts, route, _ = address.rpartition("!")
    return hosts + route + ADDRESS


def pieces(masked: str, unit: Unit) -> list[Piece]:
    """The symbols of a masked text, each with its place."""
    if unit == "word":
        found = _WORD.finditer(masked)
        return [Piece(m[0].lower(), m.start(), m.end()) for m in found]
    places = [
        (" " if m[0].isspace() else m[0], *m.span()) for m in _RUN.finditer(masked)
    ]
    return [Piece(*place) for place in places]


def symbols_of(masked: str, unit: Unit) -> Sequence[str]:
    """The symbols of a masked text."""
    if unit == "word":
        return _WORD.findall(masked.lower())
    return _SPACE.sub(" ", masked)


def beginnings(masked: str, unit: Unit, counts: Sequence[int]) -> list[str]:
    """For each count the masked text up to the end of its first `count` symbols."""
    pattern = _WORD if unit == "word" else _RUN
    found = islice(pattern.finditer(masked), max(counts))
    stops = [match.end() for match in found]
    return [masked[: stops[n - 1]] if n <= len(stops) else masked for n in counts]


def make_vocabulary(
    texts: Iterable[Sequence[str]], min_count: int, max_size: int
) -> tuple[str, ...]:
    """The padding, the unknown symbol, and what texts hold at least `min_count` times.

    At most `max_size` of those, the commonest.
    """
    counts = Counter(chain.from_iterable(texts))
    known = [symbol for symbol, count in counts.items() if count >= min_count]
    known.sort(key=lambda symbol: (-counts[symbol], symbol))
    return ("", "\N{REPLACEMENT CHARACTER}", *known[:max_size])


class Encoded(NamedTuple):
    """Texts as tokens, one after another; text i is tokens[starts[i] : starts[i + 1]].

    A text without any symbol is one unknown token.
    """

    tokens: Int[np.ndarray, " S"]
    starts: Int[np.ndarray, " N+1"]

    @property
    def sizes(self) -> Int[np.ndarray, " N"]:
        """How many tokens each text has, at least one."""
        return np.diff(self.starts)

    def padded(self, length: int) -> Int[np.ndarray, "N T"]:
        """The first `length` tokens of each text, with padding to its right."""
        position = np.arange(length)[None, :]
        inside = position < self.sizes[:, None]
        place = np.where(inside, self.starts[:-1, None] + position, 0)
        return np.where(inside, self.tokens[place], PADDING).astype(np.int32)


def encode_texts(texts: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> Encoded:
    """Texts of symbols as tokens of a vocabulary made by `make_vocabulary`."""
    token_of = {s: token for token, s in enumerate(vocabulary) if token > UNKNOWN}
    get = token_of.get
    sizes = [max(1, len(text)) for text in texts]
    tokens = [[get(s, UNKNOWN) for s in text] or [UNKNOWN] for text in texts]
    flat = np.fromiter(chain.from_iterable(tokens), np.int32, sum(sizes))
    return Encoded(flat, np.fromiter(accumulate(sizes, initial=0), np.int64))
