"""Labelled texts in three splits, and how they are split the same way every time.

An order that nothing but the texts decides: by the SHA-256 of each text. A split takes
its share of every class, so that all of them have the same mixture.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from lib.data.token import mask
from lib.types import SPLITS, Split

VALIDATION_SHARE = 0.1  # of the texts that are not tested


class Labelled(NamedTuple):
    """Masked texts (see lib.data.token) and the class of each, in the same order."""

    texts: tuple[str, ...]
    labels: Int[np.ndarray, " N"]

    def at(self, places: Sequence[int]) -> "Labelled":
        """The texts at these places."""
        return Labelled(tuple(self.texts[i] for i in places), self.labels[list(places)])


class Corpus(NamedTuple):
    """Labelled texts by split, and what their classes are."""

    name: str
    classes: tuple[str, ...]
    splits: Mapping[Split, Labelled]
    fingerprint: str  # SHA-256 of the data set's content
    positive: int | None = None  # the class whose F1 is the score; None: accuracy is

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name these texts, labels and splits."""
        content = hashlib.sha256()
        for split in SPLITS:
            texts, labels = self.splits[split]
            for text, label in zip(texts, labels.tolist(), strict=True):
                content.update(f"{split}\0{label}\0{text}\0".encode(errors="replace"))
        return content.hexdigest()[:16]


def make_labelled(pairs: Iterable[tuple[str, str]], classes: Sequence[str]) -> Labelled:
    """Raw texts with the names of their classes: masked, with the classes' numbers."""
    label_of = {name: label for label, name in enumerate(classes)}
    texts, names = zip(*pairs, strict=True)
    return Labelled(
        tuple(map(mask, texts)),
        np.asarray([label_of[name] for name in names], np.int32),
    )


def fixed_order(texts: Sequence[str], salt: str) -> list[int]:
    """The places of texts in a shuffled order that is the same everywhere."""
    return shuffled([text.encode() for text in texts], salt)


def shuffled(contents: Sequence[bytes], salt: str) -> list[int]:
    """The places of anything with bytes in an order that these alone decide."""
    begin = f"{salt}\0".encode()
    digest = lambda i: hashlib.sha256(begin + contents[i]).digest()
    return sorted(range(len(contents)), key=digest)


def cut(data: Labelled, share: float, salt: str) -> tuple[Labelled, Labelled]:
    """Two parts in a fixed way: `share` of every class, rounded, and the rest."""
    order = fixed_order(data.texts, salt)
    first, second = cut_places(data.labels, order, share)
    return data.at(first), data.at(second)


def cut_places(
    labels: Int[np.ndarray, " N"], order: Sequence[int], share: float
) -> tuple[list[int], list[int]]:
    """The places of both parts, ascending: the first ones of every class in `order`."""
    first, second = [], []
    ordered = np.asarray(order)
    for label in np.unique(labels):
        own = ordered[labels[ordered] == label].tolist()
        count = round(share * len(own))
        first += own[:count]
        second += own[count:]
    return sorted(first), sorted(second)


def fold_of(data: Labelled, num_folds: int, salt: str) -> Int[np.ndarray, " N"]:
    """The fold of each text: every class is dealt out evenly, in the fixed order."""
    folds = np.zeros(len(data.texts), np.int32)
    order = np.asarray(fixed_order(data.texts, salt))
    for label in np.unique(data.labels):
        own = order[data.labels[order] == label]
        folds[own] = np.arange(len(own)) % num_folds
    return folds


def with_fold_tested(
    data: Labelled, folds: Int[np.ndarray, " N"], fold: int
) -> dict[Split, Labelled]:
    """One fold tests; a fixed tenth of the rest validates, and the others train."""
    test = np.flatnonzero(folds == fold).tolist()
    rest = data.at(np.flatnonzero(folds != fold).tolist())
    validation, train = cut(rest, VALIDATION_SHARE, "validation")
    return {"train": train, "validation": validation, "test": data.at(test)}
