"""One length makes no curve: every seed as a dot in its model's row."""

from statistics import fmean

import numpy as np
import pytest
from test_lint import run

from lib.report.figure import Look
from lib.report.memory_part import part_markup
from lib.report.score import model_scores
from lib.report.strip_figure import draw_strip

LOOKS = {name: Look("#000000", "o", "-") for name in ("gru", "lru")}
# Accuracies at length 16, and as scores of a floor of 1/8, by hand.
VALUES = (1.0, 0.5625, 0.125, 1.0, 0.5625)
SCORES = (1.0, 0.5, 0.0, 1.0, 0.5)


def runs():
    made = []
    for seed, value in enumerate(VALUES):
        good, lost = run("gru", 16, seed), run("lru", 16, seed)
        good.result["metrics"]["test"]["16"]["accuracy"] = value
        good.result["task"]["window_score"] = {"16": {"4": 0.25}}
        made += [good, lost]
    made[1] = run("lru", 16, 0, state="diverged")
    return made


def dots(axes, mark):
    lines = [line for line in axes.lines if line.get_marker() == mark]
    return [tuple(np.ravel(line.get_data())) for line in lines]


def test_every_seed_stands_at_its_score_and_what_was_lost_is_a_cross():
    axes, right = draw_strip(model_scores(runs()), LOOKS, False).axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    seeds = dots(axes, ".")
    in_row = lambda name: [x for x, y in seeds if round(y - 0.3) == names.index(name)]
    assert sorted(in_row("gru")) == pytest.approx(sorted(SCORES))
    assert in_row("lru") == pytest.approx([0.5] * 4)
    ((x, y),) = dots(axes, "x")
    assert x == 0 and round(y - 0.3) == names.index("lru")
    assert len({y for _, y in seeds}) == 9 and len(dots(axes, "o")) == 2
    assert dict(dots(axes, "o"))[fmean(SCORES)] == names.index("gru")
    metric = [text.get_text() for text in right.get_yticklabels()]
    assert metric[names.index("gru")] == "0.65"
    assert right.get_title(loc="right") == "test accuracy"


@pytest.mark.parametrize(("length", "is_there"), [("16", True), ("32", False)])
def test_what_a_model_sees_has_its_line_if_its_score_is_known(length, is_there):
    made = runs()
    for one in made:
        one.result["task"]["window_score"] = {length: {"4": 0.25}}
        one.result["cost"] = {"receptive_field": 4}
    axes, _ = draw_strip(model_scores(made), LOOKS, False).axes
    named = [text.get_text().strip() for text in axes.texts]
    assert named == ["last 4"] * is_there


def test_a_part_of_one_length_has_that_figure_alone(tmp_path):
    part_markup("p", runs(), LOOKS, tmp_path)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"p-score.svg", "p-score-narrow.svg", "p-score.png"}
    more = [run("gru", length, seed) for length in (16, 32) for seed in range(3)]
    part_markup("q", more, LOOKS, tmp_path)
    assert {path.name for path in tmp_path.glob("q-*.png")} == {
        f"q-{kind}.png" for kind in ("horizon", "score", "mean")
    }
