"""Tiny Shakespeare as characters (see lib.data.published.tiny_shakespeare)."""

import functools
from pathlib import Path

from lib.data import dataset
from lib.data.folder import cache_folder, published_folder
from lib.data.language import Corpus, make_corpus, make_language
from lib.types import Split, Task


def make_tiny_shakespeare(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-character prediction on Shakespeare (see lib.data.language)."""
    corpus = _read_corpus(published_folder(), cache_folder())
    return make_language(corpus, split, batch_size, max_length)


@functools.cache
def _read_corpus(published: Path | None, prepared: Path) -> Corpus:
    """The text as tokens, read once per process and place."""
    [record] = dataset.load("tiny_shakespeare")["text"]
    return make_corpus("tiny_shakespeare", record["text"])
