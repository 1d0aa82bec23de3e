"""What knowing a part of the answer is worth, as a line and as a row of the report."""

from dataclasses import replace

import numpy as np
import pytest
from battery_store import LENGTHS, write_battery

from lib.report.battery import battery
from lib.report.battery_figure import draw_tasks
from lib.report.collect import collect
from lib.report.figure import looks
from lib.report.headline import solved_table
from lib.report.reference import references
from lib.report.score import model_scores
from lib.report.score_figure import draw_overview, draw_panels

MODELS = ("gru", "transformer")
# Accuracies of 4/K at 8, 16, 32, 64 pairs, between a floor of 1/8 and 1, by hand.
WORTH = [3 / 7, 1 / 7, 0.0, 0.0]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    store = write_battery(
        tmp_path_factory.mktemp("reference"), MODELS, ("mqar", "parity")
    )
    return collect(store, "battery")


def part(sweep, name):
    return [run for run in sweep.replicates if run.part == name]


def lines(axes):
    """The points of the dotted lines under the curves."""
    found = [line for line in axes.lines if line.get_zorder() == 1.5]
    return [np.transpose(line.get_data()) for line in found]


def names(axes):
    """Whether the line's name stands there: alone, and in a key of marks."""
    texts = [text.get_text() for text in axes.texts]
    return "unbound" in texts, any(text.startswith("unbound: ") for text in texts)


def test_every_figure_of_scores_has_the_line_where_the_task_has_the_fact(sweep):
    styles = looks(MODELS)
    drawn = {}
    for name in ("mqar", "parity"):
        models = model_scores(part(sweep, name))
        panels = draw_panels(models, styles, False)
        overview = draw_overview(models, styles, True)
        drawn[name] = [*panels.axes[: len(MODELS)], *overview.axes]
        is_there = name == "mqar"
        assert names(panels.axes[0]) == (False, False)
        assert names(panels.axes[len(MODELS)]) == (False, is_there)  # the key
        assert names(overview.axes[0]) == (is_there, False)
    together = battery(sweep)
    assert together is not None
    tasks = draw_tasks(together, styles, False).axes
    drawn["mqar"].append(tasks[0])
    drawn["parity"].append(tasks[1])
    assert names(tasks[0]) == (True, False) and names(tasks[1]) == (False, False)
    points = np.stack([np.log2(LENGTHS), WORTH], axis=1)
    for axes in drawn["mqar"]:
        (line,) = lines(axes)
        np.testing.assert_allclose(line, points, atol=1e-12)
    assert [lines(axes) for axes in drawn["parity"]] == [[]] * len(drawn["parity"])


def test_the_table_has_its_accuracy_under_floor_and_optimum(sweep):
    rows = solved_table(model_scores(part(sweep, "mqar"))).rows
    found = {row[0].text: [cell.detail for cell in row[1:]] for row in rows}
    assert list(found)[-3:] == ["floor", "optimum", "unbound (values, not whose)"]
    assert found["unbound (values, not whose)"] == ["0.500", "0.250", "0.125", "0.062"]


def test_what_models_of_a_part_differ_in_is_no_line_of_them_all(sweep):
    runs = part(sweep, "mqar")
    changed = [
        replace(run, result={**run.result, "task": {**run.result["task"], "facts": {}}})
        for run in runs
        if run.place == 8
    ]
    kept = [run for run in runs if run.place != 8]
    (line,) = references(model_scores([*changed, *kept]))
    assert list(line.raw) == [16, 32, 64]
    facts = {"facts": {"unbound_accuracy": 0.3}}
    other = [
        replace(run, result={**run.result, "task": {**run.result["task"], **facts}})
        if run.place == 8 and run.label == "gru"
        else run
        for run in runs
    ]
    (line,) = references(model_scores(other))
    assert list(line.raw) == [16, 32, 64]


def test_the_bits_a_task_asks_to_keep_are_a_row_where_it_says_them(sweep):
    runs = [
        replace(run, result={**run.result, "task": {**run.result["task"], **bits}})
        for run in part(sweep, "mqar")
        for bits in ({"information": {str(run.length): 2.5 * run.place}},)
    ]
    table = solved_table(model_scores(runs))
    (row,) = [row for row in table.rows if row[0].text == "bits to keep"]
    assert [cell.detail for cell in row[1:]] == ["20.0", "40.0", "80.0", "160.0"]
    assert "Bits to keep:" in table.note
    without = solved_table(model_scores(part(sweep, "mqar")))
    assert all(row[0].text != "bits to keep" for row in without.rows)
