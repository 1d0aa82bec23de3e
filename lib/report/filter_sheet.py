"""What filters look like: themselves, what excites them, their maps, their field."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from lib.report import figure as base
from lib.report.gradient_figure import LEAST, power

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    from lib.receptive_field import Field

MOST_FILTERS, MOST_MAPS = 32, 12
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)


def signed_colours() -> "LinearSegmentedColormap":
    """Dark blue to mid grey to light orange: in greyscale below, at and above zero."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "signed", ("#06214f", "#808080", "#ffe2b8")
    )


def draw_filters(
    filters: Float[np.ndarray, "m n C F"],
    patches: Float[np.ndarray, "F K m n C"],
    narrow: bool,
) -> "Figure":
    """Each filter, and to its right the patches that excite it most, in order."""
    count = min(filters.shape[-1], MOST_FILTERS)
    columns = 1 if narrow else min(4, max(1, count // 4))
    rows, most = ceil(count / columns), patches.shape[1]
    figure = base.new_figure(4.2 if narrow else 10.5, 0.42 * rows + 0.9)
    widths = ([1.0] * (most + 1) + [0.5]) * columns
    grid = figure.add_gridspec(rows, len(widths), width_ratios=widths)
    largest = float(np.abs(filters).max()) or 1.0
    shown, panels = None, []
    for f in range(count):
        row, column = f % rows, (f // rows) * (most + 2)
        axes = figure.add_subplot(grid[row, column])
        shown = _signed(axes, filters[..., f], largest)
        axes.set_ylabel(f"{f + 1}", fontsize=7, rotation=0, ha="right", va="center")
        panels.append(axes)
        for k in range(most):
            axes = figure.add_subplot(grid[row, column + 1 + k])
            _picture(axes, patches[f, k])
            panels.append(axes)
    if shown is not None and filters.shape[2] == 1:
        bar = figure.colorbar(
            shown, ax=panels, pad=0.02,
            label="weight of the filter; right of it what excites it most, in order",
            aspect=40 if narrow else 60, location="bottom", shrink=0.6,
        )  # fmt: skip
        bar.outline.set_visible(False)
    return figure


def draw_maps(
    image: Float[np.ndarray, "H W C"],
    layers: Sequence[tuple[str, Float[np.ndarray, "h w F"]]],
    narrow: bool,
) -> "Figure":
    """The first maps of each layer for one picture, each layer on its own scale."""
    most = 5 if narrow else MOST_MAPS
    figure = base.new_figure(4.2 if narrow else 10.5, 0.9 * (len(layers) + 1))
    # Titles reach over their neighbours: room for them is kept by hand.
    figure.set_layout_engine(
        "constrained", h_pad=0.1, w_pad=0.02, rect=(0, 0, 1, 0.985)
    )
    panels = figure.subplots(len(layers) + 1, most, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    _named(panels[0, 0], "picture")
    _picture(panels[0, 0], image)
    for row, (name, maps) in zip(panels[1:], layers, strict=True):
        largest = float(np.abs(maps).max()) or 1.0
        for f in range(min(most, maps.shape[-1])):
            row[f].set_axis_on()
            _signed(row[f], maps[..., f : f + 1], largest)
        size = f"{maps.shape[0]} × {maps.shape[1]}, {maps.shape[2]} maps"
        _named(row[0], f"{name}: {size}, grey 0, light up to {largest:.3g}")
    return figure


def draw_field(
    field: "Field", recurrent: Mapping[str, Sequence[float]], narrow: bool
) -> "Figure":
    """The field as a picture, and along the positions back beside recurrent models."""
    figure = base.new_figure(4.2 if narrow else 10.5, 8.4 if narrow else 4.4)
    left, right = figure.subplots(
        2 if narrow else 1, 1 if narrow else 2, width_ratios=[1] if narrow else [1, 1.7]
    )
    _field_picture(left, field, figure)
    looks = base.looks([field.layer, *recurrent])
    curves = {field.layer: field.back, **recurrent}
    for label, norms in curves.items():
        values = np.asarray(norms, np.float64)
        values = values / (values.max() or 1.0)
        look = looks[label]
        right.plot(
            np.arange(1, len(values) + 1), np.where(values > LEAST, values, np.nan),
            color=look.colour, linestyle=look.dash, linewidth=1.6,
            marker="" if label == field.layer else look.marker,
            markersize=look.size - 1, markevery=max(1, len(values) // 12),
            markeredgecolor="white", markeredgewidth=0.5, label=label,
        )  # fmt: skip
    right.axvline(field.furthest, color=base.GREY, linestyle=(0, (4, 2)), linewidth=1)
    right.annotate(
        f"its window ends {field.furthest} back", (field.furthest, 1),
        xycoords=("data", "axes fraction"), xytext=(0, 3), fontsize=7.5,
        textcoords="offset points", color=base.GREY, ha="center",
    )  # fmt: skip
    right.set_yscale("log")
    right.minorticks_off()
    low, high = right.get_ylim()
    if low > 1e-3:
        right.set_yticks([t for t in _TICKS if low <= t <= high])
        right.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        right.yaxis.set_major_formatter(lambda value, _: power(value))
    right.set_xlabel("positions back, row by row (pixels)")
    right.set_ylabel("gradient norm, largest = 1")
    right.legend(frameon=False, fontsize=8, loc="upper left", handlelength=3.2,
                 bbox_to_anchor=(0, -0.16))  # fmt: skip
    return figure


def _field_picture(axes: "Axes", field: "Field", figure: "Figure") -> None:
    from matplotlib.patches import Rectangle

    largest = float(field.values.max()) or 1.0
    logs = np.log10(np.maximum(field.values / largest, 1e-4))
    image = axes.imshow(logs, cmap="cividis", vmin=-4, vmax=0)
    (top, bottom), (first, after) = field.rows, field.columns
    axes.add_patch(
        Rectangle(
            (first - 0.5, top - 0.5), after - first, bottom - top, fill=False,
            edgecolor="white", linewidth=1.6, linestyle=(0, (4, 2)),
        )
    )  # fmt: skip
    axes.set_title(f"middle unit of {field.layer}", loc="left", fontsize=10)
    axes.set_xlabel("column (pixels); dashed: the window theory allows")
    axes.set_ylabel("row (pixels)")
    bar = figure.colorbar(image, ax=axes, label="log10 |∂a/∂x|, largest = 0", pad=0.02)
    bar.outline.set_visible(False)


def _signed(axes: "Axes", values: Float[np.ndarray, "m n C"], largest: float):
    """Zero as mid grey; three channels as colours, any other number as their first."""
    _plain(axes)
    if values.shape[-1] == 3:
        return axes.imshow(np.clip(0.5 + values / (2 * largest), 0, 1))
    return axes.imshow(
        values[..., 0], cmap=signed_colours(), vmin=-largest, vmax=largest
    )


def _picture(axes: "Axes", values: Float[np.ndarray, "m n C"]) -> None:
    axes.set_axis_on()
    _plain(axes)
    for spine in axes.spines.values():  # a white patch ends somewhere too
        spine.set(visible=True, color=base.RULE, linewidth=0.5)
    if values.shape[-1] == 3:
        axes.imshow(values)
    else:
        axes.imshow(values[..., 0], cmap="gray", vmin=0, vmax=1)


def _plain(axes: "Axes") -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _named(axes: "Axes", text: str) -> None:
    """A title that may reach over the panels to its right."""
    axes.annotate(
        text, (0, 1), xycoords="axes fraction", xytext=(0, 3), fontsize=7.5,
        textcoords="offset points",
    ).set_in_layout(False)  # fmt: skip
