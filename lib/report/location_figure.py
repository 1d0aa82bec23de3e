"""A picture with a box around what was found, and the response map beside it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from lib.report import figure as base

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]  # top, left, bottom, right, in pixels
_SHOWN = 1200  # pixels of the longer side of what is drawn
FOUND, MISSED = "#d6322f", "#6b6b6b"


def draw_location(
    picture: UInt8[np.ndarray, "H W 3"],
    response: Float[np.ndarray, "h w"],
    box: Box,
    title: str,
    names: Mapping[str, str],
    is_found: bool = True,
) -> "Figure":
    """The picture, the map over the same pixels, and the box enlarged.

    `names` has the headings of "response" and of "box".
    """
    height, width = picture.shape[:2]
    tall = float(np.clip(5.2 * height / width, 1.5, 9.0))
    figure = base.new_figure(14.0, tall + 0.7)
    scene, heat, close = figure.subplots(1, 3, width_ratios=[5.2, 5.2, 2.6])
    # Places are counted from the middle of the first pixel.
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
    scene.imshow(_shrunk(picture), extent=extent, interpolation="antialiased")
    colour = FOUND if is_found else MISSED
    for axes in (scene, heat):
        _frame(axes, box, colour, width)
        axes.set_xlim(extent[0], extent[1])
        axes.set_ylim(extent[2], extent[3])
    shown = heat.imshow(
        _peaks(response), extent=extent, cmap="magma", interpolation="nearest", vmin=0
    )
    heat.set_title(names["response"], fontsize=9, loc="left")
    figure.colorbar(shown, ax=heat, shrink=0.8, pad=0.02)
    margin = 0.5 * max(box[2] - box[0], box[3] - box[1])
    top, left = max(int(box[0] - margin), 0), max(int(box[1] - margin), 0)
    part = picture[top : int(box[2] + margin), left : int(box[3] + margin)]
    bottom, right = top + part.shape[0], left + part.shape[1]
    whole = (left - 0.5, right - 0.5, bottom - 0.5, top - 0.5)
    close.imshow(part, extent=whole, interpolation="nearest")
    _frame(close, box, colour, 0)
    close.set_xlim(whole[0], whole[1])
    close.set_ylim(whole[2], whole[3])
    close.set_title(names["box"], fontsize=9, loc="left")
    for axes in (scene, heat, close):
        axes.tick_params(labelsize=7)
    return figure


def _frame(axes: "Axes", box: Box, colour: str, width: int) -> None:
    """The box; in a large picture a ring around it, which can be seen from afar."""
    from matplotlib.patches import Circle, Rectangle

    top, left, bottom, right = box
    for line, edge in ((3.5, "white"), (1.8, colour)):
        axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                fill=False,
                linewidth=line,
                edgecolor=edge,
            )
        )
        if max(right - left, bottom - top) < width / 16:
            middle = ((left + right) / 2, (top + bottom) / 2)
            ring = Circle(middle, width / 22, fill=False, linewidth=line)
            ring.set_edgecolor(edge)
            axes.add_patch(ring)


def _shrunk(picture: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    from PIL import Image

    factor = _SHOWN / max(picture.shape[:2])
    if factor >= 1:
        return picture
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    size = (max(size[0], 1), max(size[1], 1))
    image = Image.fromarray(picture).resize(size, Image.Resampling.BOX)
    return np.asarray(image)


def _peaks(response: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Blocks of a large map by their highest place: a mean would hide a lone peak."""
    block = -(-max(response.shape) // 600)
    rows, columns = (-(-side // block) * block for side in response.shape)
    full = np.full((rows, columns), -np.inf, np.float32)
    full[: response.shape[0], : response.shape[1]] = response
    return full.reshape(rows // block, block, columns // block, block).max(axis=(1, 3))
