"""Any text file of one's own, as characters or as words.

The file is cut by position (90 % train, 5 % validation, 5 % test) and known by the hash
of its text: the same path with another content is another run. Line ends of Windows
read as line breaks.
"""

import functools
from pathlib import Path

from lib.data.encoding import read_text
from lib.data.language import Corpus, make_corpus, make_language
from lib.data.symbol import Unit
from lib.error import UserError
from lib.setting import Size
from lib.types import Split, Task


def make_text_file(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    path: str,
    unit: Unit = "character",
    encoding: str = "utf-8",
    vocabulary_size: Size = 10_000,
) -> Task:
    """Next-symbol prediction on a file (see lib.data.language).

    `vocabulary_size` bounds the words that are told apart, <unk> included; characters
    are all told apart.

    Raises:
      UserError: no such file, not in this encoding, or an encoding Python lacks.
    """
    place = Path(path).expanduser()
    try:
        changed = place.stat().st_mtime_ns
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"text_file: {place} cannot be read: {reason}.") from error
    corpus = _read_corpus(place, unit, encoding, vocabulary_size, changed)
    return make_language(corpus, split, batch_size, max_length)


@functools.lru_cache(maxsize=4)
def _read_corpus(
    path: Path, unit: Unit, encoding: str, vocabulary_size: int, changed: int
) -> Corpus:
    del changed  # a file written anew is read anew
    text = read_text(path, encoding).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UserError(f"text_file: {path} is empty")
    return make_corpus("text_file", text, unit, vocabulary_size)
