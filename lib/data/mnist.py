"""MNIST: which digit is written? Pictures of 28 x 28 pixels, or sequences of them.

60,000 pictures to train on, a fixed tenth of each class of which validates (5,999 in
all), and 10,000 to test (LeCun et al. 1998). Scored by accuracy; always answering the
most frequent class, 1, reaches 0.1135 on test.

    mnist       the picture; `length` is its side: 28, 14, 7, 4, 2 or 1
    seq_mnist   the same as a sequence (lib.data.picture_sequence) of `length` steps
"""

import functools
from typing import Annotated

import numpy as np

from lib.data import dataset
from lib.data.album import Album, LabelledPictures, with_validation
from lib.data.augment import Augmentation
from lib.data.picture_sequence import Order, make_picture_sequence
from lib.data.pictures import make_pictures
from lib.setting import Bound, Count, Size
from lib.types import Split, Task

NAME = "mnist"
Degrees = Annotated[float, Bound(0, 180)]
Share = Annotated[float, Bound(0, 0.9)]


def make_mnist(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    shift: Count = 0,
    rotation: Degrees = 0.0,
    scaling: Share = 0.0,
) -> Task:
    """A digit in a picture. In training it is moved by up to `shift` pixels, turned by
    up to `rotation` degrees and scaled by up to a share of `scaling`."""
    augmentation = Augmentation(shift, rotation, scaling)
    return make_pictures(_album(), split, batch_size, max_length, augmentation)


def make_seq_mnist(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    side: Size = 28,
    order: Order = "pixels",
) -> Task:
    """A digit read pixel by pixel or row by row."""
    return make_picture_sequence(_album(), split, batch_size, max_length, side, order)


def _album() -> Album:
    return _read(dataset.fingerprint(NAME))


@functools.lru_cache(maxsize=1)
def _read(fingerprint: str) -> Album:
    records = dataset.load(NAME)
    whole = {
        split: LabelledPictures(record["pictures"], record["labels"].astype(np.int32))
        for split, [record] in records.items()
    }
    splits = with_validation(whole["train"], whole["test"])
    return Album(NAME, tuple("0123456789"), splits, fingerprint)
