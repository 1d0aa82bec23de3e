"""The TFDS builder of Tiny Shakespeare: one record that is the whole text.

Imported only where a text is built or read, because it brings tensorflow-datasets. It
works without TensorFlow: the file format is array_record and reading goes through
`as_data_source`. With a `manual_dir` TFDS takes the file from there, not from its URL,
and checks the same SHA-256.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from absl import logging
from etils import epath
from tensorflow_datasets.core.download.checksums import UrlInfo
from tensorflow_datasets.core.utils import Size

from lib.data.tiny_shakespeare import FILE_NAME, SHA256, SIZE, URL, VERSION


# Not registered: TFDS has a builder of this name, which needs TensorFlow.
class TinyShakespeare(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Tiny Shakespeare, whole; splits are cut by position where it is read."""

    VERSION = tfds.core.Version(VERSION)
    url_infos = {URL: UrlInfo(size=Size(SIZE), checksum=SHA256, filename=FILE_NAME)}

    def _info(self) -> tfds.core.DatasetInfo:
        features = tfds.features.FeaturesDict({"text": tfds.features.Text()})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict:
        return {"text": self._generate_examples(dl_manager.download(URL))}

    def _generate_examples(self, path: epath.Path) -> Iterator[tuple[int, dict]]:
        yield 0, {"text": path.read_text(encoding="utf-8")}


def build(folder: Path, manual_dir: Path) -> None:
    """Build the set in an empty folder from the published file in `manual_dir`."""
    config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    with _quiet():
        _builder(folder).download_and_prepare(download_config=config)


def read(folder: Path) -> bytes:
    """The text of a set that was built in a folder."""
    with _quiet():
        # Any: the decorators of TFDS hide this method's signature from pyright.
        builder: Any = _builder(folder)
        return builder.as_data_source("text")[0]["text"]


def _builder(folder: Path) -> TinyShakespeare:
    return TinyShakespeare(data_dir=folder, file_format="array_record")


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
