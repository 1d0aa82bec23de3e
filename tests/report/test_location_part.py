"""Rates and scenes of a crowd, from made-up results."""

import numpy as np
import pytest

from lib.picture import encode_png
from lib.report.collect import Run
from lib.report.location import places
from lib.report.location_part import rate_table, shown
from lib.report.location_rate_figure import varied
from lib.report.part import headline, part_markup

SCENE = encode_png(np.full((25, 25, 3), 90, np.uint8))
MAP = encode_png(np.arange(100, dtype=np.uint8).reshape(10, 10))


def example(right, **changed):
    entry = {
        "right": right,
        "score": 0.93 if right else 0.61,
        "row": 300.5,
        "column": 200.0,
        "true_row": 300,
        "true_column": 200 if right else 700,
        "picture": SCENE,
        "response": MAP,
        "at_peak": SCENE,
        "at_figure": SCENE,
    }
    return {**entry, **changed}


def run(density, similarity, seed, crops=0.9, near=18, state="done", **changed):
    location = {
        "side": 1000,
        "num_scenes": 20,
        "found": near,
        "found_above": near - 3,
        "false_alarms": 1,
        "threshold": 0.8,
        "error": 0.5 + seed,
        "examples": [example(True), example(True), example(True), example(False)],
    }
    result = {
        "metrics": {"test": {"100": {"found": crops, "false_alarm": 0.25}}},
        "task": {
            "name": "crowd",
            "system": "location",
            "score_metric": "found",
            "floor": {"100": 0.0386},
            "optimum": {"100": 1.0},
        },
        "location": {**location, **changed},
    }
    task = {"name": "crowd", "density": density, "similarity": similarity}
    config = {"task": task, "model": {"name": "locator"}, "seed": seed}
    cell = {"density": density, "similarity": similarity}
    return Run("", "part", cell, "replicate", state, "", config, {}, result, ())


def cells(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_rates_are_pooled_over_seeds_with_wilson_intervals():
    table = headline([run(4.0, 0.4, 0), run(4.0, 0.4, 1, crops=1.0, near=20)])
    row, floor = table.rows
    assert row[0].text == "locator, density 4.0, similarity 0.4"
    assert row[1].text.startswith("0.95")
    # Wilson (1927) for 38 of 40: by hand from its formula with z = 1.96.
    assert (row[3].text, row[3].detail) == ("0.950", "38 of 40 [0.835, 0.986]")
    assert row[4].text == "0.800" and row[5].text == "0.050"
    assert row[6].text == "1.0"
    assert floor[0].text.startswith("floor") and floor[1].text == "0.039"


def test_a_part_without_an_ended_run_has_no_headline():
    assert headline([run(4.0, 0.4, 0, state="running")]) is None


def test_only_what_varies_is_drawn():
    same, denser = run(1.0, 0.4, 0), run(8.0, 0.4, 0)
    assert varied(places([same])) == []
    assert varied(places([same, denser])) == ["density"]
    assert varied(places([same, run(8.0, 0.8, 0)])) == ["density", "similarity"]
    unsearched = run(8.0, 0.4, 0, num_scenes=0)
    assert varied(places([same, unsearched])) == []


def test_right_and_wrong_scenes_are_shown_two_of_each():
    ((label, examples),) = shown(places([run(4.0, 0.4, 0)]))
    assert label == "locator, density 4.0, similarity 0.4"
    assert [e.is_right for e in examples] == [True, True, False]
    assert examples[2].found == (300.5, 200.0) and examples[2].true == (300.0, 700.0)
    np.testing.assert_array_equal(examples[0].response.ravel(), np.arange(100))


@pytest.mark.parametrize(
    "changed",
    [
        {"picture": "no base64!"},
        {"picture": MAP},
        {"response": SCENE},
        {"row": "300"},
        {"column": 1e9},
        {"at_peak": None},
    ],
)
def test_a_broken_example_is_left_out(changed):
    (place,) = places([run(4.0, 0.4, 0, examples=[example(True, **changed), 7])])
    assert place.examples == ()


@pytest.mark.parametrize(
    "changed",
    [{"num_scenes": -1}, {"found": 99}, {"found": "many"}, {"found_above": None}],
)
def test_broken_counts_are_as_if_no_scene_was_searched(changed):
    (place,) = places([run(4.0, 0.4, 0, **changed)])
    assert place.scenes == 0 and place.found == (0.9,)
    assert cells(rate_table([place]))[0][3] == "–"


def test_the_page_has_the_table_the_rates_and_the_scenes(tmp_path):
    runs = [run(d, 0.4, s) for d in (1.0, 8.0) for s in (0, 1)]
    markup = part_markup("crowd", runs, {}, tmp_path)
    page = "".join(child.html for child in markup)
    assert "Found in the crowd" in page and "38 of 40" not in page
    assert page.count("<figure") == 3  # the rates, and scenes of two crowds
    names = {path.name for path in tmp_path.iterdir()}
    assert {"crowd-found.svg", "crowd-found.png", "crowd-scenes-1.png"} <= names
