"""Labelled pictures in three splits, split the same way every time, at any side."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from lib.data.labelled import VALIDATION_SHARE, cut_places, shuffled
from lib.types import Split


class LabelledPictures(NamedTuple):
    """Pictures of one size and the class of each, in the same order."""

    pictures: UInt8[np.ndarray, "N H W C"]
    labels: Int[np.ndarray, " N"]

    def at(self, places: Sequence[int]) -> "LabelledPictures":
        """The pictures at these places."""
        return LabelledPictures(self.pictures[places], self.labels[places])


@dataclass(frozen=True, eq=False)  # as equal as the same object: they are large
class Album:
    """A data set of square pictures by split, and what its classes are."""

    name: str
    classes: tuple[str, ...]
    splits: Mapping[Split, LabelledPictures]
    fingerprint: str  # SHA-256 of the data set's content

    @property
    def side(self) -> int:
        """The side of its pictures in pixels."""
        return self.splits["train"].pictures.shape[1]


def cut_album(
    data: LabelledPictures, share: float, salt: str
) -> tuple[LabelledPictures, LabelledPictures]:
    """Two parts in a fixed way: `share` of every class, rounded, and the rest."""
    order = shuffled([picture.tobytes() for picture in data.pictures], salt)
    first, second = cut_places(data.labels, order, share)
    return data.at(first), data.at(second)


def with_validation(
    data: LabelledPictures, test: LabelledPictures
) -> dict[Split, LabelledPictures]:
    """A fixed tenth of every class validates, the others train."""
    validation, train = cut_album(data, VALIDATION_SHARE, "validation")
    return {"train": train, "validation": validation, "test": test}


def fingerprint_of(data: LabelledPictures) -> str:
    """SHA-256 of pictures and labels that lie in no prepared data set."""
    digest = hashlib.sha256(repr(data.pictures.shape).encode())
    digest.update(data.pictures.tobytes())
    digest.update(data.labels.astype(np.uint8).tobytes())
    return digest.hexdigest()


def check_side(album: Album, task: str, setting: str, side: int) -> None:
    """Raise ValueError for a side that the data set's own cannot be divided into."""
    own = album.side
    if side < 1 or own % side:
        sides = [str(n) for n in range(own, 0, -1) if own % n == 0]
        raise ValueError(
            f"{task}: {setting} must be a side that divides the {own} pixels of "
            f"its pictures, one of {', '.join(sides)}, got {side}."
        )


def shrink(
    pictures: UInt8[np.ndarray, "N H W C"], side: int
) -> UInt8[np.ndarray, "N h w C"]:
    """Pictures at a smaller side: means over squares, rounded to 8 bits."""
    N, own, _, C = pictures.shape
    if side == own:
        return pictures
    block = own // side
    squares = pictures.reshape(N, side, block, side, block, C)
    return np.rint(squares.mean(axis=(2, 4))).astype(np.uint8)
