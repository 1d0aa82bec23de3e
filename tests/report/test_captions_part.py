"""Tables and figures of captions, from made-up results."""

import numpy as np

from lib.picture import encode_png
from lib.report.captions import captioners
from lib.report.captions_part import likeness_table, meaning_table, part_table
from lib.report.collect import Run
from lib.report.figure import looks
from lib.report.part import headline, part_markup

PICTURE = encode_png(np.full((8, 8, 3), 200, np.uint8))
SHOWN = {
    "picture": PICTURE,
    "said": "a small red circle .",
    "reference": "a small red square .",
    "right": False,
    "faults": ["small red circle: is small red square"],
    "log_probability": -1.5,
}


def run(model, seed, meaning, cell=None, longest=20, **more):
    part = {"right": 1, "told": 2, "wanted": 2, "f1": 0.5}
    captions = {
        "bleu": 90.0, "cider": 8.0, "exact": 0.7, "meaning": meaning, "complete": 0.6,
        "missed": 0.1, "invented": 0.2, "parts": {"size": part},
        "by_shapes": {"1": {"meaning": 1.0}, "2": {"meaning": meaning}},
        "floor": {"caption": "a small blue circle .", "meaning": 0.37},
        "shown": [SHOWN, {**SHOWN, "right": True, "faults": []}], **more,
    }  # fmt: skip
    result = {
        "metrics": {"test": {"20": {"accuracy": 0.9}}},
        "task": {"system": "captions", "facts": {"longest_caption": longest}},
        "cost": {"parameters": 1234},
        "measured": {"train_seconds": 5.0},
        "captions": captions,
    }
    cell = {"model": model, **(cell or {})}
    return Run(
        "", "scenes", cell, "replicate", "done", "", {"seed": seed}, {}, result, ()
    )


RUNS = [run("attended", 0, 0.9), run("attended", 1, 1.0), run("first", 0, 0.6)]


def rows(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_every_model_has_its_mean_every_seed_and_the_floor_below():
    table = headline(RUNS)
    assert rows(table)[0][:4] == ["attended", "0.950", "0.600", "0.700"]
    assert table.rows[0][1].detail == "0.900 1.000"
    assert rows(table)[-1][:2] == ["floor: does not look", "0.370"]
    assert table.rows[-1][0].detail == "a small blue circle"


def test_parts_and_numbers_of_shapes_stand_side_by_side():
    table = part_table(captioners(RUNS))
    assert table.columns == ("model", "size", "1 shape", "2 shapes")
    assert rows(table)[0] == ["attended", "0.500", "1.000", "0.950"]


def test_the_page_has_figures_of_shapes_and_of_pictures(tmp_path):
    styles = looks(["attended", "first"])
    page = "".join(str(child) for child in part_markup("s", RUNS, styles, tmp_path))
    assert "Captions of scenes" in page and "Meaning, part by part" in page
    names = {path.name for path in tmp_path.iterdir()}
    assert {"s-shapes.svg", "s-pictures.svg"} <= names and "s-length.svg" not in names
    drawn = (tmp_path / "s-pictures.svg").read_text()
    assert "✓ right" in drawn and "✗ wrong" in drawn
    assert "small red circle: is" in drawn


def test_captions_of_several_lengths_are_drawn_against_them(tmp_path):
    runs = [
        run("gru", 0, 0.9, {"num_details": 0}, longest=20),
        run("gru", 0, 0.8, {"num_details": 3}, longest=50),
    ]
    styles = looks([r.label for r in runs])
    part_markup("s", runs, styles, tmp_path)
    assert (tmp_path / "s-length.svg").is_file()


def test_a_result_that_is_no_result_shows_nothing_and_raises_nothing(tmp_path):
    broken = [{**SHOWN, "picture": "no picture"}, {**SHOWN, "said": 3}, "x", None]
    runs = [run("attended", 0, 0.9, shown=broken, by_shapes=[1], parts="no", floor=1)]
    assert captioners(runs)[0].examples == ()
    assert rows(meaning_table(captioners(runs)))[0][1] == "0.900"
    page = part_markup("s", runs, looks(["attended"]), tmp_path)
    assert page and not (tmp_path / "s-pictures.svg").exists()


def test_captions_by_people_are_compared_by_likeness():
    runs = [run("gru", 0, None, train={"bleu": 99.0, "cider": 9.5, "exact": 1.0})]
    table = likeness_table(captioners(runs))
    assert rows(table)[0][1:8] == ["90.0", "8.00", "0.700", "0.900", "99.0", "9.50",
                                   "1.000"]  # fmt: skip
    assert headline(runs) == table
