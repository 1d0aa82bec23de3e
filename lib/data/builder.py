"""One TFDS builder for every data set: records in array_record files.

Imported only where a set is built or read, because it brings tensorflow-datasets. It
works without TensorFlow: the file format is array_record and reading goes through
`as_data_source`. Archives are opened by `lib.data.archive`, since TFDS opens them with
TensorFlow.

With the records goes a digest of them and that of the files they were read from, so a
set that was damaged or made of other files is told from a whole one when it is read.
"""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from lib.data.source import Feature, Record, Records, Source

_FEATURES: dict[Feature, Any] = {
    "text": tfds.features.Text(),
    "integer": tfds.features.Scalar(np.int64),
    "frames": tfds.features.Tensor(shape=(None, 88), dtype=np.uint8, encoding="zlib"),
    "pictures": tfds.features.Tensor(
        shape=(None, None, None, None), dtype=np.uint8, encoding="zlib"
    ),
    "bytes": tfds.features.Tensor(shape=(None,), dtype=np.uint8, encoding="zlib"),
}


_ON_DISK = {"all": "whole"}  # TFDS reserves "all"


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """The set that `source` describes; `records` are there where it is built."""

    VERSION = tfds.core.Version("0.0.0")  # each set's class has its own
    url_infos = {}
    source: Source
    records: Records
    content: str

    def _info(self) -> tfds.core.DatasetInfo:
        features = {k: _FEATURES[kind] for k, kind in self.source.features.items()}
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.source.title,
            homepage=self.source.homepage,
            citation=self.source.citation,
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(
                content=self.content, records=_digest(self.records)
            ),
            disable_shuffling=True,  # records keep their order
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict:
        return {
            _ON_DISK.get(split, split): enumerate(rows)
            for split, rows in self.records.items()
        }

    def _generate_examples(self, **kwargs: Any) -> Iterator[Any]:
        raise AssertionError("every split has its examples already")


def build(folder: Path, source: Source, records: Records, content: str) -> None:
    """Build a set in an empty folder, of records from files of digest `content`."""
    config = tfds.download.DownloadConfig(num_shards=1)
    with _quiet():
        _builder(folder, source, records, content).download_and_prepare(
            download_config=config
        )


def read(folder: Path, source: Source) -> tuple[Records, str, str]:
    """The records of a set built in a folder, their digest, and that of its files.

    Raises:
      ValueError: the records are not those that were written.
      Exception: whatever TFDS and array_record raise for a damaged set.
    """
    with _quiet():
        # Any: the decorators of TFDS hide this method's signature from pyright.
        builder: Any = _builder(folder, source, {}, "")
        metadata = dict(builder.info.metadata)
        splits: list[str] = list(builder.info.splits)
        names = {disk: split for split, disk in _ON_DISK.items()}
        records = {
            names.get(split, split): _rows(builder.as_data_source(split), source)
            for split in splits
        }
    found, written = _digest(records), metadata["records"]
    if found != written:
        raise ValueError(f"SHA-256 of its records is {found}, expected {written}")
    return records, found, metadata["content"]


def _rows(data_source: Any, source: Source) -> list[Record]:
    rows = data_source.__getitems__(range(len(data_source)))
    return [
        {k: _plain(kind, row[k]) for k, kind in source.features.items()} for row in rows
    ]


def _plain(kind: Feature, value: Any) -> Any:
    if kind == "text":
        return value.decode()
    return int(value) if kind == "integer" else value


def _digest(records: Records) -> str:
    """SHA-256 over every value of every record, each with its name and size."""
    digest = hashlib.sha256()
    for split, rows in sorted(records.items()):
        digest.update(f"{split} {len(rows)}\n".encode())
        for row in rows:
            for name, value in sorted(row.items()):
                is_array = isinstance(value, np.ndarray)
                content = value.tobytes() if is_array else str(value).encode()
                digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _builder(
    folder: Path, source: Source, records: Records, content: str
) -> tfds.core.GeneratorBasedBuilder:
    # TFDS reads a set's name and version from its class.
    kind: Any = type(
        source.name,
        (_Builder,),
        {
            "name": source.name,
            "VERSION": tfds.core.Version(source.version),
            "source": source,
            "records": records,
            "content": content,
        },
        skip_registration=True,
    )
    return kind(data_dir=folder, file_format="array_record")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what TFDS tells on stdout and in its log out of a program's own output."""
    tfds.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(verbosity)
