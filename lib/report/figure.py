"""What all figures share: one look a model, text that stays text, files that repeat.

Models differ in colour, in lightness, in marker and in line style, so that a figure
survives greyscale printing and colour blindness. Matplotlib is imported on drawing.
"""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lib.report.file import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY, RULE, FAINT, INK = "#6b6b6b", "#b0b0b0", "#c9c9c9", "#222222"
# After Okabe and Ito (2008), darkened in part: lightness L* from 0 to 73 in steps.
COLOURS = ("#000000", "#e69f00", "#00528f", "#008f68")
COLOURS += ("#b8420a", "#cc79a7", "#56b4e9", "#882255", "#8c8c00", "#7a4fd0", "#a0785a")
# Ten of them, so that a colour comes with another marker the second time.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", "p")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)))
BLANK = {"facecolor": "white", "linewidth": 0, "pad": 1}  # behind a text over lines
SYSTEM_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NO_DATES, NO_NAME = {"Date": None, "Creator": None}, {"Software": None}
RC = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 9.0,
    "text.parse_math": False,  # a "$" in a model's name is a "$"
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": 9.0,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "horizon",
}


class Look(NamedTuple):
    colour: str
    marker: str
    dash: str | tuple[int, tuple[float, ...]]

    @property
    def size(self) -> float:
        """Points across: a cross and a star cover less than a disc of their size."""
        return 7.0 if self.marker in "PX*" else 5.0


class Drawing(NamedTuple):
    """A figure in two widths, as SVG text, with what it shows in words."""

    stem: str  # its file name without an ending; "" where it has no file
    wide: str
    narrow: str
    alternative: str


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """One look for each label, the same in every figure of a report."""
    return {
        label: Look(
            COLOURS[i % len(COLOURS)],
            MARKERS[i % len(MARKERS)],
            # Five dashes against eleven colours: pairs repeat only after 55.
            DASHES[i % len(DASHES)],
        )
        for i, label in enumerate(labels)
    }


def save_drawing(
    folder: Path, stem: str, draw: Callable[[bool], "Figure"], alternative: str
) -> Drawing:
    """Draws wide and narrow and writes <stem>.svg, <stem>-narrow.svg, <stem>.png.

    The PNG says in its metadata what it shows, for `lib.report.copy`. `draw(narrow)`
    returns the figure; the same figure gives the same bytes.
    """
    with _styled():
        wide, narrow = draw(False), draw(True)
        made = Drawing(stem, _svg(wide), _svg(narrow), alternative)
        replace_file(folder / f"{stem}.svg", made.wide.encode())
        replace_file(folder / f"{stem}-narrow.svg", made.narrow.encode())
        replace_file(folder / f"{stem}.png", _png(wide, alternative))
    return made


def drawing(draw: Callable[[bool], "Figure"], alternative: str) -> Drawing:
    """Draws wide and narrow for a page alone; no file is written."""
    with _styled():
        return Drawing("", _svg(draw(False)), _svg(draw(True)), alternative)


def png(draw: Callable[[], "Figure"]) -> bytes:
    """A figure as a PNG file."""
    with _styled():
        figure = draw()
        figure.draw_without_rendering()
        return _png(figure)


@contextlib.contextmanager
def _styled() -> Iterator[None]:
    import matplotlib.style

    with matplotlib.style.context(["default", RC]), warnings.catch_warnings():
        # A name the font lacks, or too long to fit, is no reason to fail.
        warnings.simplefilter("ignore", UserWarning)
        yield


def _svg(figure: "Figure") -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    vector = io.StringIO()
    FigureCanvasSVG(figure).print_svg(vector, metadata=NO_DATES)
    return vector.getvalue().replace("'DejaVu Sans'", SYSTEM_FONT)


def _png(figure: "Figure", description: str = "") -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_layout_engine("none")  # it stays as laid out before
    figure.dpi = 160
    pixels = io.BytesIO()
    about = {**NO_NAME, "Description": description or None}
    FigureCanvasAgg(figure).print_png(pixels, metadata=about)
    return pixels.getvalue()


def label_lengths(axes: "Axes", lengths: Sequence[int], most: int) -> None:
    """Ticks at log2 of the lengths; at most `most` of them have a label."""
    places = [log2(t) for t in lengths]
    axes.set_xticks(places, labels_apart(places, list(map(str, lengths)), most))


def labels_apart(
    places: Sequence[float], labels: Sequence[str], most: int
) -> list[str]:
    """The labels, those left empty that would touch the next one; the last is kept.

    `places` rise; `most` labels fit side by side between the first and the last.
    """
    gap = (places[-1] - places[0]) / max(most - 1, 1)
    shown, last = [""] * len(places), places[-1] + 2 * gap + 1
    for i in reversed(range(len(places))):
        if last - places[i] >= gap - 1e-9:  # of sums of logarithms
            shown[i], last = labels[i], places[i]
    return shown


def pretty(text: str) -> str:
    """The text of a censored value as it is printed: ">=" as one sign."""
    return text.replace(">= ", "≥ ")


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure, in inches, drawn without any display."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def spread_labels(
    axes: "Axes",
    x: float,
    ends: Sequence[tuple[float, str, str]],
    gap: float,
    limits: tuple[float, float],
    unit: float = 1.0,
) -> None:
    """Writes (y, text, colour) at x, moved apart to at least `gap`, with leaders.

    All heights are in the data's unit; the labels stay inside `limits`. Leaders are
    0.26 of `unit` wide, in the data's unit too.
    """
    ordered = sorted(ends)
    heights = [end[0] for end in ordered]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    overshoot = max(heights[-1] - limits[1], 0.0) if heights else 0.0
    for i in reversed(range(len(heights))):
        ceiling = limits[1] if i + 1 == len(heights) else heights[i + 1] - gap
        heights[i] = min(heights[i], ceiling) if overshoot else heights[i]
    for (y, text, colour), height in zip(ordered, heights, strict=True):
        axes.plot(
            [x, x + 0.18 * unit, x + 0.26 * unit],
            [y, height, height],
            color=colour,
            linewidth=0.7,
            clip_on=False,
        )
        axes.text(
            x + 0.3 * unit, height, text, color=INK, va="center", fontsize=8.5,
            clip_on=False,
        )  # fmt: skip
