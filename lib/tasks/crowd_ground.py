"""The ground that a crowd stands on, and the light and grain over a finished scene."""

import numpy as np
from jaxtyping import Float, UInt8

from lib.tasks.crowd_figure import rgb
from lib.tasks.crowd_stencil import Scene

_GROUNDS = ("efdcae", "c3d692", "dfd6c6", "e9cf9c")  # sand, grass, paving, earth
_GRAIN = 512  # pixels of a side of the noise that is laid side by side


def draw_ground(rng: np.random.Generator, height: int, width: int) -> Scene:
    """Patches of two grounds with a hard edge, their tone varying softly."""
    first, second = rng.choice(len(_GROUNDS), 2, replace=False)
    colours = rgb(_GROUNDS[first]), rgb(_GROUNDS[second])
    patch = _smooth(rng, height, width, 220)
    share = np.clip(patch * 40, 0, 1)[:, :, None]
    tone = 1 + 0.06 * _smooth(rng, height, width, 40)[:, :, None]
    scene = colours[0] + share * (colours[1] - colours[0])
    scene *= tone
    return scene


def _smooth(
    rng: np.random.Generator, height: int, width: int, cell: int
) -> Float[np.ndarray, "H W"]:
    """Values in [-1, 1] on a grid of `cell` pixels, interpolated linearly."""
    rows, columns = height // cell + 2, width // cell + 2
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return _weights(height, rows, cell) @ grid @ _weights(width, columns, cell).T


def _weights(size: int, count: int, cell: int) -> Float[np.ndarray, "S N"]:
    at = np.arange(size, dtype=np.float32)[:, None] / cell
    return np.maximum(1 - np.abs(at - np.arange(count, dtype=np.float32)[None]), 0)


def add_light(rng: np.random.Generator, scene: Scene) -> UInt8[np.ndarray, "H W 3"]:
    """Light from one side, a tint, soft shade, grain; then 8 bits, band by band."""
    height, width, _ = scene.shape
    slope = rng.uniform(-0.12, 0.12, 2).astype(np.float32)
    level = np.float32(rng.uniform(0.75, 1.1))
    tint = rng.uniform(0.93, 1.07, 3).astype(np.float32)
    shade = _smooth(rng, height, width, 150)
    grain = rng.normal(0, 3.0, (_GRAIN, _GRAIN, 3)).astype(np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    picture = np.empty(scene.shape, np.uint8)
    for top in range(0, height, _GRAIN):
        band = slice(top, min(top + _GRAIN, height))
        down = np.linspace(-1, 1, height, dtype=np.float32)[band]
        light = level * (1 + slope[0] * down[:, None] + slope[1] * across[None, :])
        light += 0.1 * shade[band]
        values = scene[band] * light[:, :, None]
        values *= 255 * tint
        for left in range(0, width, _GRAIN):
            part = values[:, left : left + _GRAIN]
            part += grain[: part.shape[0], : part.shape[1]]
        np.clip(values, 0, 255, out=values)
        picture[band] = np.rint(values).astype(np.uint8)
    return picture
