"""Python's own documentation of its language, as characters: a text without a download.

Every CPython carries the topics that `help()` shows in `pydoc_data.topics`: about
465,000 characters of English in Python 3.11, under the PSF licence. The text is the
topics in the order of their names, with one line break between two. It differs from one
Python version to the next, which the task's fingerprint tells apart.
"""

import functools

from lib.data.language import Corpus, make_corpus, make_language
from lib.types import Split, Task


def read_text() -> str:
    """All topics, in the order of their names."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


@functools.cache
def read_corpus() -> Corpus:
    """The text as tokens, read once per process."""
    return make_corpus("python_docs", read_text())


def make_python_docs(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-character prediction on Python's documentation (see lib.data.language)."""
    return make_language(read_corpus(), split, batch_size, max_length)
