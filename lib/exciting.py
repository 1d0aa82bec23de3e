"""The patches of pictures that excite each filter most."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from lib.window import Windows

Images = Float[np.ndarray, "N H W C"]


class Peaks(NamedTuple):
    """For each picture and filter the largest answer and the place it was given at."""

    value: Float[np.ndarray, "N F"]
    row: Int[np.ndarray, "N F"]
    column: Int[np.ndarray, "N F"]


def find_peaks(
    answers: Callable[[Images], np.ndarray], images: Images, batch_size: int = 256
) -> Peaks:
    """Peaks of `answers(images)` [N, h, w, F], taken in batches."""
    found = []
    for start in range(0, len(images), batch_size):
        maps = np.asarray(answers(images[start : start + batch_size]))
        flat = maps.reshape(len(maps), -1, maps.shape[-1])  # [B, h w, F]
        place = flat.argmax(axis=1)
        value = np.take_along_axis(flat, place[:, None], axis=1)[:, 0]
        found.append((value, place // maps.shape[2], place % maps.shape[2]))
    return Peaks(*(np.concatenate(part) for part in zip(*found, strict=True)))


def exciting_patches(
    peaks: Peaks, images: Images, windows: Windows, count: int
) -> Float[np.ndarray, "F K m m C"]:
    """The `count` patches that excite each filter most, one of a picture at most.

    Black where a window reaches past a picture's edge.
    """
    order = np.argsort(-peaks.value, axis=0, kind="stable")[:count]  # [K, F]
    rows, columns = windows
    cut = lambda n, f: _cut(
        images[n],
        rows.span(int(peaks.row[n, f])),
        columns.span(int(peaks.column[n, f])),
    )
    return np.stack(
        [np.stack([cut(n, f) for n in order[:, f]]) for f in range(order.shape[1])]
    )


def _cut(
    image: np.ndarray, rows: tuple[int, int], columns: tuple[int, int]
) -> np.ndarray:
    """The rows and columns from the first to before the last, black outside."""
    (top, bottom), (left, right) = rows, columns
    height, width = image.shape[:2]
    patch = np.zeros((bottom - top, right - left, image.shape[2]), image.dtype)
    piece = image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    r, c = max(-top, 0), max(-left, 0)
    patch[r : r + piece.shape[0], c : c + piece.shape[1]] = piece
    return patch
