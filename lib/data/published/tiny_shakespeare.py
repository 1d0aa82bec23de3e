"""Tiny Shakespeare: 40,000 lines of the plays, 1,115,394 characters, one record."""

from collections.abc import Mapping

from lib.data.source import Records, Source


def _read(files: Mapping[str, bytes]) -> Records:
    [content] = files.values()
    return {"text": [{"text": content.decode()}]}


TINY_SHAKESPEARE = Source(
    name="tiny_shakespeare",
    version="1.0.0",
    title="Tiny Shakespeare: lines of the plays, as one text",
    records="1,115,394 characters",
    licence="public domain",
    homepage="https://github.com/karpathy/char-rnn",
    citation="Karpathy (2015), The unreasonable effectiveness of recurrent neural "
    "networks",
    size=1_115_394,
    downloads=(
        (
            "https://raw.githubusercontent.com/karpathy/char-rnn/"
            "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        ),
    ),
    folder="tinyshakespeare",
    stems=("input.txt", "tinyshakespeare"),
    members=r"(?:^|/)(input\.txt)$",
    features={"text": "text"},
    read=_read,
    digest="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
