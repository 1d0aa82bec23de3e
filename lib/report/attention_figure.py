"""Where a model looked in a picture, word by word."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from lib.report import figure as base

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 7


def draw_maps(
    picture: UInt8[np.ndarray, "H W 3"],
    words: Sequence[str],
    maps: Float[np.ndarray, "N h w"],
) -> "Figure":
    """The picture, then for each word the picture lit by the weights of its places.

    A word's picture is as bright as its weights, the largest of them at full light.
    """
    count = 1 + len(words)
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    figure = base.new_figure(1.35 * columns, 1.6 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    extent = (0, picture.shape[1], picture.shape[0], 0)
    for axes in grid.flat:
        axes.set_axis_off()
    grid.flat[0].imshow(picture, extent=extent, interpolation="nearest")
    grid.flat[0].set_title("the picture", fontsize=8.5, style="italic")
    for axes, word, weights in zip(grid.flat[1:], words, maps, strict=False):
        grey = picture.mean(axis=2, keepdims=True).repeat(3, axis=2) / 255
        axes.imshow(1 - 0.35 * (1 - grey), extent=extent, interpolation="nearest")
        # Opaque where it looked, clear where it did not.
        light = 0.85 * weights / max(float(weights.max()), 1e-9)
        axes.imshow(
            weights,
            extent=extent,
            cmap="inferno_r",
            interpolation="bilinear",
            vmin=0,
            alpha=light,
        )
        axes.set_title("(end)" if word == "." else word, fontsize=8.5)
    return figure
