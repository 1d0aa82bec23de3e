"""How often the figure is found against the crowd, and scenes found and missed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lib.report import figure as base
from lib.report.location import Example, Place
from lib.stats import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RATE_CAPTION = (
    "Share of fresh scenes of a megapixel whose highest response lies within 8 pixels "
    "of the one figure that is looked for, over all seeds, with 95 % Wilson intervals. "
    "Density: other figures on 100 x 100 pixels. Similarity: the probability that one "
    "of their five parts is the figure's."
)
EXAMPLE_CAPTION = (
    "Scenes searched, right (green) and wrong (red). From the left: the scene, with a "
    "ring where the highest response is and, where that is wrong, a dashed ring at the "
    "figure; the response map, lighter where it is higher; what is at the highest "
    "response; and the figure."
)
RIGHT, WRONG = "#008f68", "#b8420a"
_AXES = {"density": "figures on 100 x 100 pixels", "similarity": "similarity"}


def varied(places: Sequence[Place]) -> list[str]:
    """Which of density and similarity is compared, over scenes that were searched."""
    searched = [place for place in places if place.scenes]
    return [key for key in _AXES if len({getattr(p, key) for p in searched}) > 1]


def draw_rates(places: Sequence[Place], narrow: bool = False) -> "Figure":
    """A panel for density, one for similarity; a line for each value of the other."""
    keys = varied(places)
    size = (4.4, 3.0 * len(keys)) if narrow else (4.4 * len(keys), 3.2)
    figure = base.new_figure(*size)
    grid = (len(keys), 1) if narrow else (1, len(keys))
    for axes, key in zip(figure.subplots(*grid, squeeze=False).flat, keys, strict=True):
        _panel(axes, [place for place in places if place.scenes], key)
    return figure


def _panel(axes: "Axes", places: Sequence[Place], key: str) -> None:
    other = next(name for name in _AXES if name != key)
    lines: dict[float, list[Place]] = {}
    for place in places:
        lines.setdefault(getattr(place, other) or 0.0, []).append(place)
    looks = base.looks(f"{value:g}" for value in sorted(lines))
    for value, members in sorted(lines.items()):
        members = sorted(members, key=lambda place: getattr(place, key) or 0.0)
        x = [getattr(place, key) or 0.0 for place in members]
        y = [place.scenes_near / place.scenes for place in members]
        bounds = [wilson_interval(p.scenes_near, p.scenes) for p in members]
        low = [max(v - b.low, 0) for v, b in zip(y, bounds, strict=True)]
        high = [max(b.high - v, 0) for v, b in zip(y, bounds, strict=True)]
        look = looks[f"{value:g}"]
        axes.errorbar(
            x,
            y,
            (low, high),
            color=look.colour,
            marker=look.marker,
            markersize=look.size,
            linewidth=1.4,
            capsize=2.5,
            label=f"{other} {value:g}",
        )
    axes.set_xlabel(_AXES[key])
    axes.set_ylabel("found, share of scenes")
    axes.set_ylim(-0.03, 1.03)
    axes.legend(frameon=False, fontsize=8, loc="lower left")


def draw_examples(examples: Sequence[Example], narrow: bool = False) -> "Figure":
    """A row a scene."""
    width = 5.0 if narrow else 8.6
    figure = base.new_figure(width, 0.285 * width * len(examples))
    grid = figure.subplots(len(examples), 4, squeeze=False)
    for row, example in zip(grid, examples, strict=True):
        colour = RIGHT if example.is_right else WRONG
        pictures = (example.picture, example.response)
        extent = (0, example.side, example.side, 0)
        for axes, picture in zip(row[:2], pictures, strict=True):
            axes.imshow(picture, extent=extent, cmap="magma", vmin=0, vmax=255)
            _ring(axes, example.found, example.side, colour, "-")
            if not example.is_right:
                _ring(axes, example.true, example.side, "#00528f", "--")
        row[2].imshow(example.at_peak)
        row[3].imshow(example.at_figure)
        said = "found" if example.is_right else "missed"
        row[2].set_title(f"{said}, score {example.score:.2f}", fontsize=8, color=colour)
        for axes in row:
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_visible(True)
                spine.set_color(colour)
    return figure


def _ring(
    axes: "Axes", place: tuple[float, float], side: int, colour: str, dash: Any
) -> None:
    from matplotlib.patches import Circle

    for width, edge in ((3.0, "white"), (1.5, colour)):
        ring = Circle((place[1], place[0]), side / 18, fill=False, linewidth=width)
        ring.set_edgecolor(edge)
        ring.set_linestyle(dash)
        axes.add_patch(ring)
