"""A user's picture made into what a classifier of small pictures has learned to read.

A photograph of a digit is dark on bright paper and not square; MNIST is bright on black
and square. So that such a picture can be read it is made grey (for one channel), turned
over where its edge is bright, set into a square of the colour of its edge, and scaled
by means over areas.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from lib.data.picture_sequence import as_sequence
from lib.data.pictures import to_unit

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in JPEG


class Fitted(NamedTuple):
    """A picture of the task's own size, and what was done to it, in words."""

    picture: UInt8[np.ndarray, "S S C"]
    steps: tuple[str, ...]


def fit(picture: UInt8[np.ndarray, "H W 3"], side: int, channels: int) -> Fitted:
    """The picture as one of `side` pixels and `channels`, 1 or 3."""
    steps: list[str] = []
    values = picture.astype(np.float64)
    if channels == 1:
        if (picture != picture[..., :1]).any():
            steps.append("made grey")
        values = np.rint(values @ _LUMA)[..., None]
        if np.median(_edge(values)) > 127:
            values = 255 - values
            steps.append("turned over, because its edge is bright")
    H, W, _ = values.shape
    if H != W:
        values = _squared(values)
        steps.append("set into a square")
    if len(values) != side:
        steps.append(f"scaled from {len(values)} to {side} pixels a side")
        values = _scaled(_scaled(values, side, 0), side, 1)
    return Fitted(np.rint(values).clip(0, 255).astype(np.uint8), tuple(steps))


def as_inputs(
    picture: UInt8[np.ndarray, "S S C"], facts: Mapping[str, Any], length: int
) -> Float[Array, "B *S"]:
    """The inputs of one picture, alone in a batch, as its task reads pictures."""
    one = picture[None]
    if facts["kind"] != "pictures":
        one = as_sequence(one, facts["kind"])[:, :length]
    return to_unit(jnp.asarray(one))


def _edge(values: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "E C"]:
    """The outermost pixels."""
    rows = [values[0], values[-1], values[:, 0], values[:, -1]]
    return np.concatenate(rows)


def _squared(values: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "S S C"]:
    H, W, C = values.shape
    size = max(H, W)
    square = np.broadcast_to(np.median(_edge(values), axis=0), (size, size, C)).copy()
    top, left = (size - H) // 2, (size - W) // 2
    square[top : top + H, left : left + W] = values
    return square


def _scaled(
    values: Float[np.ndarray, "H W C"], size: int, axis: int
) -> Float[np.ndarray, "h w C"]:
    """Means over `size` equal parts of an axis, pixels in between shared by length."""
    old = values.shape[axis]
    starts = np.arange(size)[:, None] * old / size
    pixels = np.arange(old)[None]
    share = np.minimum(starts + old / size, pixels + 1) - np.maximum(starts, pixels)
    weights = share.clip(0) * size / old  # [size, old]
    return np.moveaxis(np.tensordot(weights, values, (1, axis)), 0, axis)
