"""Penn Treebank as words and as characters, in its official splits.

The Wall Street Journal text of Mikolov et al. (2010, Interspeech, section 4): lower
case, no punctuation, numbers as N, every word beyond the commonest 10,000 as <unk>;
929,589 training, 73,760 validation and 82,430 test tokens, ends of sentence included.

Words: the words of a line, then <eos>. Characters: a line without its outer spaces, the
inner ones written "_", then a line break, as in the character-level sets of Mikolov et
al. (2012, Subword language modeling with neural networks): 50 symbols, 5,017,482
training characters. Results in bits a character are nats divided by ln 2; perplexity
is exp(nats a word).
"""

import functools
from pathlib import Path

from lib.data import dataset
from lib.data.folder import cache_folder, published_folder
from lib.data.language import Corpus, make_language, make_split_corpus
from lib.data.symbol import END, Unit
from lib.types import SPLITS, Split, Task

NAME = "ptb"


def make_ptb_words(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-word prediction over 10,000 words (see lib.data.language)."""
    corpus = _read_corpus("word", published_folder(), cache_folder())
    return make_language(corpus, split, batch_size, max_length)


def make_ptb_characters(split: Split, batch_size: int, max_length: int) -> Task:
    """Next-character prediction over 50 characters (see lib.data.language)."""
    corpus = _read_corpus("character", published_folder(), cache_folder())
    return make_language(corpus, split, batch_size, max_length)


def as_words(text: str) -> list[str]:
    """The words of each line, then the end of it."""
    return [word for line in text.splitlines() for word in [*line.split(), END]]


def as_characters(text: str) -> str:
    """Lines without outer spaces, inner spaces as underscores."""
    lines = (line.strip().replace(" ", "_") for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


@functools.cache
def _read_corpus(unit: Unit, published: Path | None, prepared: Path) -> Corpus:
    del published, prepared  # where `load` looks: another folder, another corpus
    splits = dataset.load(NAME)
    texts = [splits[split][0]["text"] for split in SPLITS]
    parts = [as_words(t) if unit == "word" else as_characters(t) for t in texts]
    name = "ptb_words" if unit == "word" else "ptb_characters"
    return make_split_corpus(name, parts, unit, dataset.fingerprint(NAME))
