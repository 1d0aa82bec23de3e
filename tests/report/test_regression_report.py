"""The section of regression, and the gradient's way back, of a made-up sweep."""

import pytest
from forecast_store import write_forecasts
from page_reader import ALLOWED, Page

from lib.report import write_report
from lib.report.collect import collect
from lib.report.compose import report_text
from lib.report.expected import compare_expected
from lib.report.gradient import model_gradients


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    store = write_forecasts(tmp_path_factory.mktemp("waves"))
    write_report(store, "waves")
    return store


def svg(store, stem):
    return (store / "report" / "waves" / "figures" / f"{stem}.svg").read_text()


def runs(store, part):
    return [run for run in collect(store, "waves").runs if run.part == part]


def test_errors_stand_beside_those_of_trivial_forecasters(waves):
    text = report_text(collect(waves, "waves"))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    # Of three seeds: drifts of 0.002, 0.004, 0.006; errors of 0.01, 0.04, 0.09.
    assert "rnn, seen 30 % 0.00400 0.00400 0.121 3 of 3" in lines
    assert "rnn 0.0467 0.0467 0.200 3 of 3" in lines
    assert "same hour, yesterday 0.400" in lines
    assert "independent notes 11.09" in lines


def test_a_trivial_error_that_depends_on_the_cell_names_it(waves):
    text = report_text(collect(waves, "waves"))
    assert "\nlast value  " in text  # equal for all cells
    assert "mean of the training part, seen 30 %" in text
    assert "mean of the training part, seen 10 %" in text


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("sine-forecast", ("rnn, seen 30 %", "lstm, seen 10 %", "a period")),
        ("sine-forecast", ("one step ahead", "running free, every seed", "trained on")),
        ("series-one-step", ("HUFL", "OT", "one step ahead, every seed")),
        ("series-example", ("same hour, yesterday", "last value", "read", "truth")),
        ("chorale-chorale", ("what sounds", "lstm, seed 0", "key of the piano")),
        ("gradient-gradient", ("rnn: 1/e in 7 steps (6 to 8)", "before training")),
        ("gradient-gradient", ("lstm: 1/e in 28 steps (27 to 29)", "10⁻²")),
        ("gradient-gradient-heat", ("training step", "lag T − t (steps)")),
    ],
)  # fmt: skip
def test_figures_hold_their_labels_as_text(waves, stem, labels):
    text = svg(waves, stem)
    for label in labels:
        assert f">{label}</text>" in text
    assert "<script" not in text and "<dc:date>" not in text


def test_values_are_drawn_in_the_unit_of_the_file(waves):
    # OT has mean 200 and a standard deviation of 30: its axis reads hundreds.
    assert ">240</text>" in svg(waves, "series-example")


def test_the_page_stays_a_page(waves):
    page = Page(waves / "report" / "waves" / "index.html")
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert "The gradient's way back" in page.text
    assert "1/e in 7 steps (6 to 8)" in page.text


def test_a_number_of_a_probe_can_be_expected(waves):
    free, one_step, decay = compare_expected(collect(waves, "waves"))
    assert (free.metric, free.verdict) == ("forecast/free_mse", "above")
    assert (one_step.metric, one_step.verdict) == ("test/mse", "reached")
    assert one_step.reached == "0.004 (0.002 to 0.006)"  # small, with its digits
    # 6, 7 and 8 steps
    assert (decay.reached[0], decay.verdict, decay.seeds) == ("7", "reached", "3 of 3")


def test_norms_before_and_after_training_are_the_first_and_last_recorded(waves):
    model = model_gradients(runs(waves, "gradient"))[0]
    steps, grid = model.heat()
    assert model.label == "rnn" and steps == list(range(0, 301, 50))
    assert model.before[0] == model.seeds[0][0]
    assert model.after[2] == model.seeds[2][300]
    # log10 of exp(-10 / length), mean over the lengths 6, 7 and 8 of the seeds
    assert grid[0, 9] == pytest.approx(-10 * (1 / 6 + 1 / 7 + 1 / 8) / 3 * 0.4342945)


def test_a_part_without_recorded_norms_adds_nothing(waves):
    assert model_gradients(runs(waves, "sine")) == []
