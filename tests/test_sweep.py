"""Axes, roles and expansion."""

import re

import pytest

from lib.error import UserError
from lib.sweep import chain, compare, expand, override, product, replicate, tune, zipped

BASE = {
    "task": {"name": "recall", "length": 8},
    "model": {"name": "rnn", "hidden_size": 4},
    "optimizer": {"name": "adam", "learning_rate": 0.1},
    "seed": 0,
}
MODELS = {"small": {"name": "rnn"}, "wide": {"name": "lstm", "hidden_size": 16}}


def test_compare_axes_span_the_cells():
    axes = product(compare("model", MODELS), compare("task.length", (8, 16, 32)))
    cells = expand("part", BASE, axes)
    assert [c.labels for c in cells] == [
        {"model": m, "length": n} for m in ("small", "wide") for n in (8, 16, 32)
    ]
    assert cells[-1].config["model"] == {"name": "lstm", "hidden_size": 16}
    assert cells[-1].config["task"] == {"name": "recall", "length": 32}


def test_a_table_is_merged_into_its_section():
    (cell, _) = expand("part", BASE, product(compare("model", MODELS)))
    assert cell.config["model"] == {"name": "rnn", "hidden_size": 4}


def test_tuning_and_reported_runs_use_different_seeds():
    axes = product(
        tune("optimizer.learning_rate", (0.1, 0.2), seeds=(90, 91)), replicate(range(3))
    )
    (cell,) = expand("part", BASE, axes)
    tried = [
        (index, c["optimizer"]["learning_rate"], c["seed"])
        for index, c in cell.tune_configs()
    ]
    assert tried == [(0, 0.1, 90), (0, 0.1, 91), (1, 0.2, 90), (1, 0.2, 91)]
    final = [
        (c["optimizer"]["learning_rate"], c["seed"])
        for c in cell.replicate_configs({"optimizer.learning_rate": 0.2})
    ]
    assert final == [(0.2, 0), (0.2, 1), (0.2, 2)]


def test_shared_seeds_are_refused():
    axes = product(
        tune("optimizer.learning_rate", (0.1,), seeds=(2,)), replicate(range(3))
    )
    with pytest.raises(UserError, match=r"seeds \[2\] are also reported"):
        expand("part", BASE, axes)


def test_zipped_axes_move_together():
    axis = zipped(compare("task.length", (8, 16)), compare("model.hidden_size", (1, 2)))
    cells = expand("part", BASE, product(axis))
    pairs = [
        (c.config["task"]["length"], c.config["model"]["hidden_size"]) for c in cells
    ]
    assert pairs == [(8, 1), (16, 2)]


def test_chained_axes_follow_one_another():
    axis = chain(compare("task.length", (8, 16)), compare("task.length", (64,)))
    assert [c.labels["length"] for c in expand("p", BASE, product(axis))] == [8, 16, 64]


def test_expanding_leaves_the_base_as_it_was():
    before = override(BASE, {})
    expand("part", BASE, product(compare("model", MODELS), replicate((5,))))
    assert before == BASE


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: compare("task.length", ()), "'length' has no values"),
        (lambda: zipped(compare("a.b", (1,)), compare("a.c", (1, 2))), "equal lengths"),
        (lambda: product(compare("a.b", (1,)), compare("a.b", (2,))), "given twice"),
        (lambda: tune("a.b", (1,), seeds=()), "at least one seed"),
        (lambda: tune("model", (1,), seeds=(9,)), "of the form section.name"),
        (lambda: tune("a.b", (1, 1.0), seeds=(9,)), "must differ, got (1, 1.0)"),
        (
            lambda: product(tune("a.b", (1,), (8,)), tune("a.c", (1,), (9,))),
            "tuned together need the same seeds, got (8,) and (9,)",
        ),
        (
            lambda: product(
                compare("model", MODELS), tune("a.b", (1,), (9,), {"model": "smal"})
            ),
            "no cell has model 'smal' (known: small, wide)",
        ),
        (lambda: tune("a.b", ((1,),), seeds=(9,)), "numbers or strings"),
    ],
)
def test_an_impossible_sweep_is_refused(make, said):
    with pytest.raises(UserError, match=re.escape(said)):
        make()


def test_settings_tuned_together_try_every_combination():
    axes = product(
        tune("optimizer.learning_rate", (0.1, 0.2), seeds=(90,)),
        tune("model.hidden_size", (2, 3), seeds=(90,)),
    )
    (cell,) = expand("part", BASE, axes)
    tried = [
        (c["optimizer"]["learning_rate"], c["model"]["hidden_size"])
        for _, c in cell.tune_configs()
    ]
    assert tried == [(0.1, 2), (0.1, 3), (0.2, 2), (0.2, 3)]
    point = {"optimizer.learning_rate": 0.2, "model.hidden_size": 3}
    (final,) = cell.replicate_configs(point)
    assert final["optimizer"]["learning_rate"] == 0.2
    assert final["model"]["hidden_size"] == 3 and final["seed"] == 0


def test_a_setting_is_tuned_in_the_cells_that_it_is_for():
    axes = product(
        compare("model", MODELS),
        compare("task.length", (8, 16)),
        tune("model.chrono_max", (4.0, 8.0), (90,), {"model": "wide"}),
        tune("optimizer.learning_rate", (0.1,), (90,), {"length": (8,)}),
    )
    points = {
        (c.labels["model"], c.labels["length"]): c.tune and c.tune["points"]
        for c in expand("part", BASE, axes)
    }
    rate = {"optimizer.learning_rate": 0.1}
    chrono = [{"model.chrono_max": 4.0}, {"model.chrono_max": 8.0}]
    assert points == {
        ("small", 8): [rate],
        ("small", 16): None,
        ("wide", 8): [{**point, **rate} for point in chrono],
        ("wide", 16): chrono,
    }


def test_a_setting_has_one_grid_in_a_cell():
    axes = product(
        compare("model", MODELS),
        tune("a.b", (1,), (9,), {"model": ("small", "wide")}),
        tune("a.b", (2,), (9,), {"model": "wide"}),
    )
    with pytest.raises(UserError, match="given twice for the cell model=wide"):
        expand("part", BASE, axes)
