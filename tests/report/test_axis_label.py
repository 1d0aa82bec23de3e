"""Labels of axes and of curves do not touch, however many there are."""

import pytest
from test_lint import grid

from lib.report.figure import label_lengths, labels_apart, looks, new_figure
from lib.report.score import model_scores
from lib.report.score_figure import draw_overview


@pytest.mark.parametrize(
    ("places", "most", "shown"),
    [
        ([3, 4, 5, 6, 7], 5, [3, 4, 5, 6, 7]),
        ([3, 4, 5, 6, 7, 8], 5, [4, 6, 8]),
        ([0, 6, 8, 8.5, 9], 4, [0, 6, 9]),
        ([5], 5, [5]),
    ],
)
def test_labels_that_would_touch_the_next_one_are_left_out(places, most, shown):
    labels = labels_apart(places, [str(x) for x in places], most)
    assert [label for label in labels if label] == [str(x) for x in shown]
    axes = new_figure(2, 2).subplots()
    label_lengths(axes, [2**i for i in (1, 2, 3)], most=2)
    assert [t.get_text() for t in axes.get_xticklabels()] == ["2", "", "8"]


@pytest.mark.parametrize("count", [2, 12, 20, 40])
def test_names_of_curves_stay_beside_the_axes_and_apart(count):
    names = [f"model {i}" for i in range(count)]
    models = model_scores(grid(names, seeds=(0,)))
    figure = draw_overview(models, looks(names), True)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    tall = axes.get_position().height * figure.get_figheight() / (high - low)
    heights = sorted(t.get_position()[1] for t in axes.texts if t.get_text() in names)
    assert len(heights) == count
    assert low < heights[0] and heights[-1] < high
    gaps = [tall * (b - a) for a, b in zip(heights, heights[1:], strict=False)]
    assert min(gaps) > 8.5 * 1.2 / 72  # inches: a line of letters of 8.5 points
