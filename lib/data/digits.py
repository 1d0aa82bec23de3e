"""Digits of scikit-learn: which digit is written? 1,797 pictures of 8 x 8 pixels.

The test part of "Optical recognition of handwritten digits" (Alpaydin & Kaynak 1998),
which comes with scikit-learn: no download. Values of 0 to 16 become bytes. A fixed
fifth of each class tests (359 pictures), a tenth of the rest validates, the others
train. Scored by accuracy; the most frequent class reaches 0.10.

    digits       the picture; `length` is its side: 8, 4, 2 or 1
    seq_digits   the same as a sequence (lib.data.picture_sequence) of `length` steps
"""

import functools
from typing import Any

import numpy as np

from lib.data.album import (
    Album,
    LabelledPictures,
    cut_album,
    fingerprint_of,
    with_validation,
)
from lib.data.augment import Augmentation
from lib.data.mnist import Degrees, Share
from lib.data.picture_sequence import Order, make_picture_sequence
from lib.data.pictures import make_pictures
from lib.setting import Count, Size
from lib.types import Split, Task

NAME = "digits"
TEST_SHARE = 0.2


def make_digits(
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


def make_seq_digits(
    split: Split,
    batch_size: int,
    max_length: int,
    *,
    side: Size = 8,
    order: Order = "pixels",
) -> Task:
    """A digit read pixel by pixel or row by row."""
    return make_picture_sequence(_album(), split, batch_size, max_length, side, order)


@functools.cache
def _album() -> Album:
    from sklearn.datasets import load_digits  # here: it takes a second to import

    published: Any = load_digits()
    pictures = np.rint(published.images * (255 / 16)).astype(np.uint8)[..., None]
    whole = LabelledPictures(pictures, published.target.astype(np.int32))
    test, rest = cut_album(whole, TEST_SHARE, "test")
    splits = with_validation(rest, test)
    return Album(NAME, tuple("0123456789"), splits, fingerprint_of(whole))
