"""Labels of axes and of curves do not touch, however many there are."""

import pytest
from test_lint import grid

from lib.report.figure import label_lengths, labels_apart, looks, new_figure
from lib.report.score import model_scores
from lib.report.score_figure import draw_overview, draw_panels


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


def test_only_windows_that_lose_something_have_a_line_and_a_name_inside():
    """The best seeing 32 is as good as all: no line on top of the optimum's."""
    models = []
    for length, seen in ((16, 1.0), (32, 0.5), (64, 0.25)):
        scores = {"16": seen, "32": 1.0, "64": 1.0}
        models += grid(lengths=(length,), task={"window_score": {str(length): scores}})
    scored = model_scores(models)
    for narrow in (False, True):
        figure = draw_overview(scored, looks(("gru", "lru")), narrow)
        figure.draw_without_rendering()
        texts = figure.axes[0].texts
        named = {text.get_text().strip() for text in texts}
        assert named == {"gru", "lru", "last 16"}
        for text in texts:
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 + 1, text
    key = draw_panels(scored, looks(("gru", "lru")), False).axes[2]
    assert "best seeing the last 16" in [text.get_text() for text in key.texts]
