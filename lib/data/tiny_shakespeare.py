"""Tiny Shakespeare as characters: 40,000 lines of the plays, 1,115,394 characters.

Collected by Andrej Karpathy for char-rnn (github.com/karpathy/char-rnn, data/
tinyshakespeare/input.txt); the plays are in the public domain. The file is known by its
SHA-256, which is checked when the set is built and each time it is read.

It is read from the first of these that exists (see lib.data.folder):

    $HORIZON_DATA/tinyshakespeare/input.txt     the published file, built in passing
    ~/.cache/horizon/tiny_shakespeare/1.0.0/    what `experiments.prepare` left there
"""

import functools
import hashlib
import shutil
import tempfile
import urllib.request
from pathlib import Path

from lib.data.character import Corpus, make_character, make_corpus
from lib.data.folder import cache_folder, published_folder
from lib.error import UserError
from lib.types import Split, Task

NAME = "tiny_shakespeare"
VERSION = "1.0.0"
FILE_NAME = "input.txt"
URL = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/"
    "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt"
)
SIZE = 1_115_394  # bytes
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
_PUBLISHED_NAME = "tinyshakespeare"
_TIMEOUT = 30  # seconds without an answer
_COMMAND = f"python -m experiments.prepare {NAME}"


def prepare(manual_dir: Path | None) -> str:
    """Build the set in the prepared folder and say where; download it if None is given.

    The file is `manual_dir`/input.txt or `manual_dir`/tinyshakespeare/input.txt. A set
    that was there is replaced once the new one has been read back.

    Raises:
      UserError: no such file, another checksum, or a folder that cannot be written.
    """
    source = None if manual_dir is None else _find(manual_dir)
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".prepare-") as name:
            scratch = Path(name)
            text = _build(scratch, source or _download(scratch))
            if (folder / NAME).exists():
                shutil.rmtree(folder / NAME)
            (scratch / NAME).rename(folder / NAME)
    except OSError as error:
        raise UserError(f"{NAME}: cannot write to {folder}: {error}.") from error
    return f"{NAME}: {len(text):,} characters in {folder / NAME}"


def make_tiny_shakespeare(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-character prediction on Shakespeare (see lib.data.character)."""
    corpus = _read_corpus(published_folder(), cache_folder())
    return make_character(corpus, split, batch_size, max_length)


@functools.cache
def _read_corpus(published: Path | None, prepared: Path) -> Corpus:
    return make_corpus(NAME, _read_text(published, prepared))


def _read_text(published: Path | None, prepared: Path) -> str:
    source = published and published / _PUBLISHED_NAME / FILE_NAME
    if source is not None and source.is_file():
        with tempfile.TemporaryDirectory() as scratch:
            return _build(Path(scratch), source)
    if (prepared / NAME / VERSION).is_dir():
        return _read_built(prepared)
    places = f"{prepared} or $HORIZON_DATA ({published or 'not set'})"
    raise UserError(f"{NAME} is not in {places}: run `{_COMMAND}`.")


def _find(manual_dir: Path) -> Path:
    for folder in (manual_dir, manual_dir / _PUBLISHED_NAME):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise UserError(
        f"{NAME}: no {FILE_NAME} and no {_PUBLISHED_NAME}/{FILE_NAME} in {manual_dir}."
    )


def _download(folder: Path) -> Path:
    # Not by TFDS: it retries for three minutes before it says that one is offline.
    try:
        with urllib.request.urlopen(URL, timeout=_TIMEOUT) as answer:
            content = answer.read()
    except OSError as error:
        raise UserError(
            f"{NAME}: cannot download {URL}: {error}; give --manual_dir."
        ) from error
    path = folder / FILE_NAME
    path.write_bytes(content)
    return path


def _build(folder: Path, source: Path) -> str:
    """Build the set from its file in an empty folder and read it back."""
    from lib.data import tiny_shakespeare_builder

    _check(f"{source}", source.read_bytes())
    tiny_shakespeare_builder.build(folder, source.parent)
    return _read_built(folder)


def _read_built(folder: Path) -> str:
    from lib.data import tiny_shakespeare_builder

    try:
        text = tiny_shakespeare_builder.read(folder)
    except Exception as error:  # array_record and TFDS raise many for a damaged set
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{NAME}: cannot read {folder / NAME}: {reason}; run `{_COMMAND}` again."
        ) from error
    _check(f"the text in {folder / NAME}", text)
    return text.decode()


def _check(place: str, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise UserError(f"{NAME}: SHA-256 of {place} is {found}, expected {SHA256}.")
