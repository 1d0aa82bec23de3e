"""A picture read as a sequence, its class answered at the last step.

    pixels     row by row from the top left: one pixel a step, side^2 steps
    rows       from the top: one row of pixels a step, `side` steps
    permuted   pixels in another order, the same for every picture: what was near in
               the picture is far apart in time

A picture of four pixels, of class 7 (values in [0, 1]):

    inputs    0.0  0.5  1.0  0.2
    targets    .    .    .    7
    mask       0    0    0    1

`length` is the number of steps read; with fewer than all of them the rest of the
picture is never seen, and the class is answered where reading ends. The permuted order
is that of the SHA-256 of the pixels' places, the same on every machine.
"""

import functools
from collections.abc import Mapping
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt8

from lib.data.album import Album, check_side, shrink
from lib.data.labelled import shuffled
from lib.data.pictures import tiled, to_unit
from lib.types import Interface, PRNGKey, Split, Task

Order = Literal["pixels", "rows", "permuted"]


def make_picture_sequence(
    album: Album,
    split: Split,
    batch_size: int,
    max_length: int,
    side: int,
    order: Order,
) -> Task:
    """The class of each picture of an album, read in steps at `side` pixels."""
    name = f"seq_{album.name}"
    check_side(album, name, "side", side)
    size = side if order == "rows" else side * side
    if not 1 <= max_length <= size:
        raise ValueError(
            f"{name}: length must be at least 1 and at most {size}, the steps of order "
            f"{order!r} at side {side}, got {max_length}."
        )
    data = _arrays(album, split, side, order)
    read_steps = slice(0, max_length)

    def read(pictures: UInt8[Array, "B T D"], key: PRNGKey | None) -> Array:
        del key
        return to_unit(pictures[:, read_steps])

    interface = Interface(0, data["pictures"].shape[-1], len(album.classes))
    channels = album.splits[split].pictures.shape[-1]
    facts = {"kind": order, "side": side, "channels": channels, "steps": size}
    return tiled(album, split, batch_size, data, read, interface, facts, max_length)


def as_sequence(
    pictures: UInt8[np.ndarray, "N H W C"], order: Order
) -> UInt8[np.ndarray, "N T D"]:
    """Pictures as sequences of pixels or of rows."""
    N, H, W, C = pictures.shape
    if order == "rows":
        return pictures.reshape(N, H, W * C)
    pixels = pictures.reshape(N, H * W, C)
    return pixels[:, permutation(H * W)] if order == "permuted" else pixels


def whole_pictures(
    data: UInt8[np.ndarray, "N *S"], facts: Mapping[str, Any]
) -> UInt8[np.ndarray, "N H W C"]:
    """The pictures that a task of pictures or of sequences of them has as its data."""
    if facts["kind"] == "pictures":
        return data
    side = facts["side"]
    if facts["kind"] == "permuted":
        back = np.empty(side * side, np.int32)
        back[permutation(side * side)] = np.arange(side * side)
        data = data[:, back]
    return data.reshape(len(data), side, side, -1)


def permutation(size: int) -> Int[np.ndarray, " T"]:
    """The place in the picture of each step of the permuted order."""
    places = [str(place).encode() for place in range(size)]
    return np.asarray(shuffled(places, "permuted"), np.int32)


@functools.lru_cache(maxsize=16)
def _arrays(album: Album, split: Split, side: int, order: Order) -> dict[str, Array]:
    data = album.splits[split]
    return {
        "pictures": jnp.asarray(as_sequence(shrink(data.pictures, side), order)),
        "labels": jnp.asarray(data.labels, jnp.int32),
    }
