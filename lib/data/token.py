"""Texts as words or characters: what counts as one, and what never becomes one.

A text is masked before anything else reads it, so that no personal address becomes a
token, reaches a vocabulary or is shown:

    jim.smith@cs.colorado.edu     @cs.colorado.edu      only the host's words stay
    gate!host!jim                 gate!host!@           the last of a path with two "!"
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
from itertools import accumulate, chain
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

Unit = Literal["word", "character"]

PADDING, UNKNOWN = 0, 1
ADDRESS, PHONE = "@", "\N{BLACK TELEPHONE}"

# One attempt a run of such characters, so that the time is linear in the text.
_LOCAL = r"A-Za-z0-9._%+=/~^#$&*'{}|!?-"
_MAIL = re.compile(rf"(?<![{_LOCAL}])[{_LOCAL}]++@")
_APART = re.compile(rf"(?<![{_LOCAL}])[{_LOCAL}]++ @ ?(?=[\w-]+\.[\w.-]*[a-z])")
_PATH = re.compile(r"(?<![\w.!-])((?:[A-Za-z0-9][\w.-]*+!){2,})[\w.-]+")
_NAMED = re.compile(
    r"(?i)\b((?:tele)?phone|tel|fax)([ .:#]{1,3})\+?(?:[ ()./-]?\d){6,15}"
)
_PHONE = re.compile(
    r"""(?<![\w.,])(?:
      \+(?:[ ()./-]{0,2}\d){8,15}                        # +44 (0)7781 482378
    | \(\d{3,5}\)[ -]?\d{3}[ .-]?\d{3,4}                  # (303) 492-1234
    | (?:1[-. ])?\d{3}([-. ])\d{3}(?:\1|-)\d{4}           # 1-303-492-1234
    | \d{3}-\d{4}                                        # 492-1234
    | 0\d{2,5}[ -]\d{3,7}(?:[ -]\d{3,4})?                # 0207 153 9153
    | 0\d(?:[ .]\d\d){4}                                 # 01 23 45 67 89
    | \d{9,15}                                           # 07781482378
    )(?![\w])""",
    re.VERBOSE,
)
_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[^\W_]+(?:'[^\W_]+)*|[!?$£€%{ADDRESS}{PHONE}]")
# Most lines hold nothing to mask, and this says so at a tenth of the cost.
_SUSPECT = re.compile(r"[@!]|\d[\d ()./-]{5}")
_SPACE = re.compile(r"\s+")
_RUN = re.compile(r"\s+|\S")


class Piece(NamedTuple):
    """A symbol as a model reads it, and where it stands in the masked text."""

    symbol: str
    start: int
    stop: int


def mask(text: str) -> str:
    """The text without the local parts of addresses and without telephone numbers."""
    return "\n".join(
        _mask_line(line) if _SUSPECT.search(line) else line for line in text.split("\n")
    )


def _mask_line(line: str) -> str:
    if "@" in line:
        line = _MAIL.sub(ADDRESS, _APART.sub(ADDRESS, line))
    if "!" in line:
        line = _PATH.sub(rf"\1{ADDRESS}", line)
    return _PHONE.sub(PHONE, _NAMED.sub(rf"\1\2{PHONE}", line))


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


def first_symbols(masked: str, unit: Unit, count: int) -> str:
    """The masked text up to the end of its first `count` symbols."""
    found = pieces(masked, unit)
    return masked if len(found) <= count else masked[: found[count - 1].stop]


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
