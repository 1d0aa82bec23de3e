"""A user's text files as text, whatever their encoding, or one line on why not."""

import codecs
from pathlib import Path

from lib.data.archive import read_members
from lib.error import UserError


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The text of a file, plain or compressed (gzip, xz, bzip2, a zip of one file).

    Line ends are kept as they are; a byte order mark is not part of the text.

    Raises:
      UserError: no such file, more than one in it, an unknown or a wrong encoding.
    """
    if path.is_dir():
        raise UserError(f"{path}: is a folder; a file is wanted.")
    contents = [member.content for member in read_members(path)]
    if len(contents) != 1:
        raise UserError(f"{path}: holds {len(contents):,} files; one is wanted.")
    return decode(contents[0], encoding, str(path))


def decode(content: bytes, encoding: str, where: str) -> str:
    """Bytes as text; `where` begins the line that says what is wrong with them."""
    try:
        kind = codecs.lookup(encoding)
        if not kind._is_text_encoding:  # such as base64, which decodes to bytes
            raise LookupError
    except LookupError as error:
        raise UserError(
            f"{where}: unknown encoding {encoding!r}; such as utf-8, latin-1, cp1252."
        ) from error
    try:
        text = content.decode("utf-8-sig" if kind.name == "utf-8" else encoding)
    except UnicodeError as error:
        raise UserError(f"{where}: {_reason(content, kind.name, error)}.") from error
    return text


def _reason(content: bytes, name: str, error: UnicodeError) -> str:
    place = ""
    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        place = f" at byte {error.start:,} (line {line:,})"
    return f"not {name}{place}; name the encoding it has, as encoding=latin-1"
