"""What a report says of moved pictures and of the number of filters, made up."""

import math

import pytest

from lib.report.collect import Run, Sweep
from lib.report.expected import compare_expected
from lib.report.figure import looks
from lib.report.filters import learners
from lib.report.filters_part import filters_markup
from lib.report.invariance import model_invariances
from lib.report.invariance_part import accuracy_table, invariance_markup
from lib.report.markup import join

LAYERS = ("picture", "conv 1", "relu 1", "pool 1")


def made_run(cell, seed, accuracy, invariance=None):
    return Run(
        id=f"{cell}{seed}",
        part="pooling",
        cell=cell,
        stage="replicate",
        state="done",
        reason="",
        config={"seed": seed, "model": {"name": "cnn"}, "task": {"length": 28}},
        versions={},
        result={
            "metrics": {"test": {"28": {"accuracy": accuracy, "num_targets": 100}}},
            "task": {"floor": {"28": 0.11}},
            "invariance": invariance,
        },
        problems=(),
    )


def moved(seed):
    """Accuracy falls by a tenth a pixel; the changes of a layer by its place."""
    layers = [
        {"name": name, "shift": {"1": 0.9 - 0.1 * i, "2": 0.95 - 0.1 * i}}
        for i, name in enumerate(LAYERS)
    ]
    curve = {"2": 0.8 - 0.01 * seed, "0": 1.0, "1": 0.9, "x": 3, "4": "half"}
    return {"num_pictures": 1024, "shift": curve, "layers": layers}


@pytest.fixture
def pooled():
    return [made_run({"model": "over <places>"}, s, 0.9, moved(s)) for s in range(5)]


def test_curves_are_read_in_the_order_of_the_distance_and_numbers_alone(pooled):
    (model,) = model_invariances(pooled)
    assert list(model.mean("shift")) == [0, 1, 2]
    assert model.mean("shift")[2] == pytest.approx(0.78)
    assert model.curves["rotation"] == []
    changes = {layer.name: layer.changed["shift"][1] for layer in model.changes()}
    assert changes["pool 1"] == pytest.approx(0.6)


def test_accuracy_has_an_interval_over_seeds_at_every_distance(pooled):
    table = accuracy_table(model_invariances(pooled), "shift")
    assert table.columns == ("model", "0 pixels", "1 pixels", "2 pixels")
    assert table.rows[0][3].text == "0.780" and "[0." in table.rows[0][3].detail


def test_the_part_draws_accuracy_and_layers_and_escapes_names(pooled, tmp_path):
    made = join(*invariance_markup("part", pooled, looks(["over <places>"]), tmp_path))
    names = {p.name for p in tmp_path.glob("*.png")}
    assert names == {"part-shift.png", "part-shift-layers.png"}
    assert "over &lt;places&gt;" in made.html and "over <places>" not in made.html
    drawn = (tmp_path / "part-shift-layers.svg").read_text()
    assert "pool 1" in drawn and "relu 1" in drawn and "conv 1" not in drawn


def test_results_that_are_no_results_draw_nothing(tmp_path):
    odd = [
        made_run({"model": "a"}, 0, 0.9, value)
        for value in ([], {"shift": [1]}, {"shift": {"1": math.nan}, "layers": [3]})
    ]
    assert invariance_markup("part", odd, looks(["a"]), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_an_expected_accuracy_at_a_shift_is_compared(pooled):
    entry = {"part": "pooling", "cell": {}, "metric": "shift/2", "value": 0.5}
    sweep = Sweep("s", "t", "", tuple(pooled), (), 0, ({**entry, "spread": 0.1},), ())
    (item,) = compare_expected(sweep)
    assert item.reached == "0.78 (0.76 to 0.80)" and item.verdict == "above"


def counted(model, filters, seed, accuracy):
    return made_run({"model": model, "filters": filters}, seed, accuracy)


def test_filters_are_counted_by_the_sweeps_axis(tmp_path):
    runs = [
        counted(model, str(n), seed, base + 0.05 * math.log2(n))
        for model, base in (("learned", 0.7), ("random", 0.4))
        for n in (1, 4, 16)
        for seed in range(5)
    ]
    learned, random = learners(runs)
    assert learned.mean() == pytest.approx({1: 0.7, 4: 0.8, 16: 0.9})
    assert len(random.seeds[16]) == 5
    made = join(*filters_markup("part", runs, {}, tmp_path)).html
    assert "learned" in made and "0.900" in made
    assert (tmp_path / "part-filters.png").exists()


def test_one_number_of_filters_is_no_axis(tmp_path):
    runs = [counted("learned", "8", seed, 0.9) for seed in range(5)]
    assert filters_markup("part", runs, {}, tmp_path) == []
    unnamed = [made_run({"model": "cnn"}, 0, 0.9)]
    assert filters_markup("part", unnamed, {}, tmp_path) == []
