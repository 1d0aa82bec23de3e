"""Text as symbols: characters or words, the vocabulary, and how a prompt is read.

A character text is its characters. A word text is, line by line, its words and an end
of line, `<eos>`; a word is a run of letters, digits and underscores, joined by inner
apostrophes and hyphens, or one other character that is not a space:

    It's late -- isn't it?   ->   It's  late  -  -  isn't  it  ?  <eos>

The last symbol of a vocabulary stands for every unknown one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Array, Int, Integer

Unit = Literal["character", "word"]

UNKNOWN = {"character": "\N{REPLACEMENT CHARACTER}", "word": "<unk>"}
END = "<eos>"
SEPARATOR = {"character": "", "word": " "}
_WORD = re.compile(r"<unk>|\w+(?:['’-]\w+)*|[^\w\s]")


def split_words(text: str) -> list[str]:
    """The words of every line and an end after each, blank lines included."""
    return [word for line in text.splitlines() for word in [*_WORD.findall(line), END]]


def character_vocabulary(text: str) -> tuple[str, ...]:
    """The characters of a text in code point order, then the unknown one."""
    unknown = UNKNOWN["character"]
    return (*sorted(set(text) - {unknown}), unknown)


def word_vocabulary(words: Iterable[str], most: int) -> tuple[str, ...]:
    """The commonest words, `most` with the unknown one, which is last.

    Ordered by how often they come, and by code points among equals.
    """
    counts = Counter(words)
    counts.pop(UNKNOWN["word"], None)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return (*ordered[: most - 1], UNKNOWN["word"])


def encode(symbols: Sequence[str], vocabulary: tuple[str, ...]) -> Int[np.ndarray, "N"]:
    """The token of each symbol; a text is the sequence of its characters."""
    token_of = {symbol: token for token, symbol in enumerate(vocabulary)}
    unknown = len(vocabulary) - 1
    tokens = (token_of.get(symbol, unknown) for symbol in symbols)
    return np.fromiter(tokens, np.int32, len(symbols))


def encode_characters(text: str, vocabulary: tuple[str, ...]) -> Int[np.ndarray, "N"]:
    """What `encode` gives for a text, in array operations: for long ones."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    token_of = np.full(0x110000, len(vocabulary) - 1, np.int32)
    for token, symbol in enumerate(vocabulary):
        token_of[ord(symbol)] = token
    return token_of[points]


def decode(
    tokens: Integer[np.ndarray, "N"] | Integer[Array, "N"],
    vocabulary: tuple[str, ...],
    separator: str = "",
) -> str:
    """The text that tokens stand for."""
    symbols = (vocabulary[token] for token in np.asarray(tokens).tolist())
    return "".join(spell(symbols, separator))


def spell(symbols: Iterable[str], separator: str, before: str = "\n") -> Iterator[str]:
    """The text of each symbol, words with a space between, an end of line as one.

    `before` is what was written last.
    """
    for symbol in symbols:
        text = "\n" if separator and symbol == END else symbol
        is_inside = before not in ("\n", END) and text != "\n"
        yield separator + text if is_inside else text
        before = text


def read_prompt(text: str, vocabulary: tuple[str, ...], separator: str) -> list[str]:
    """The symbols that a prompt is read as; unknown ones stand as the user wrote them.

    Where the vocabulary has no space but an underscore, spaces are underscores. Of a
    word text a piece between spaces is one word where the vocabulary has it, as "mr.",
    and is split where it has not; a capital gives way to a known small letter.
    """
    if not separator:
        if " " not in vocabulary and "_" in vocabulary:
            text = text.replace(" ", "_")
        return list(text)
    known = set(vocabulary)
    symbols = []
    for line in re.split(r"(\n)", text):
        pieces = [END] if line == "\n" else line.split()
        for piece in pieces:
            whole = piece in known or piece.lower() in known
            for word in [piece] if whole else _WORD.findall(piece):
                lower = word not in known and word.lower() in known
                symbols.append(word.lower() if lower else word)
    return symbols
