"""MNIST: 70,000 handwritten digits, grey, 28 x 28 pixels, 60,000 of them to train on.

Four IDX files (LeCun's format): two zero bytes, 8 for unsigned bytes, the number of
axes, the size of each axis as four bytes, highest first, then the values in C order. A
split is one record, because 70,000 records take seconds to read.
"""

import math
import struct
from collections.abc import Mapping

import numpy as np

from lib.data.source import Records, Source

_FILES = {"train": "train", "test": "t10k"}


def read_idx(content: bytes) -> np.ndarray:
    """The uint8 array of an IDX file.

    Raises ValueError where the header is another, or says another size than there is.
    """
    num_axes = content[3] if content[:3] == b"\0\0\x08" else 0
    begin = 4 + 4 * num_axes
    if not num_axes or len(content) < begin:
        raise ValueError(f"not an IDX file of unsigned bytes: begins {content[:4]!r}")
    shape = struct.unpack(f">{num_axes}I", content[4:begin])
    if len(content) != begin + math.prod(shape):
        raise ValueError(
            f"IDX file of shape {shape} holds {len(content) - begin} values"
        )
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)


def _read(files: Mapping[str, bytes]) -> Records:
    return {
        split: [
            {
                "pictures": read_idx(files[f"{name}-images-idx3-ubyte"])[..., None],
                "labels": read_idx(files[f"{name}-labels-idx1-ubyte"]),
            }
        ]
        for split, name in _FILES.items()
    }


_NAMES = tuple(
    f"{name}-{content}-ubyte"
    for name in _FILES.values()
    for content in ("images-idx3", "labels-idx1")
)
_HOSTS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

MNIST = Source(
    name="mnist",
    version="1.0.0",
    title="MNIST: handwritten digits, grey, 28 x 28 pixels",
    records="60,000 train and 10,000 test pictures of 10 classes",
    licence="CC BY-SA 3.0 (LeCun, Cortes, Burges)",
    homepage="http://yann.lecun.com/exdb/mnist/",
    citation="LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied "
    "to document recognition, Proceedings of the IEEE 86(11)",
    size=54_950_048,
    downloads=tuple(tuple(f"{h}{name}.gz" for h in _HOSTS) for name in _NAMES),
    folder="mnist",
    stems=_NAMES,
    members=r"(?:^|/)((?:train|t10k)-(?:images-idx3|labels-idx1)-ubyte)$",
    features={"pictures": "pictures", "labels": "bytes"},
    read=_read,
    digest="474311efcf1fd213e64768801dc6195673bffb8385179d6c55cd8748b9e2e8ca",
)
