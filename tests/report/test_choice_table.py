"""The table of what tuning chose: ranges that work, and settings chosen together."""

from lib.report.choice import choice_table, working_table
from lib.report.collect import Sweep

PLACE = {"part": "p", "cell": {"model": "lstm", "length": 64}}
RATE = {
    **PLACE,
    "setting": "optimizer.learning_rate",
    "values": [0.001, 0.01, 0.1],
    "scores": [0.5, 0.95, 0.91],
    "chosen": 0.01,
}


def texts(*choices):
    sweep = Sweep("s", "", "", (), choices, 0, (), ())
    return [[cell.text for cell in row] for row in choice_table(sweep).rows]


def test_a_row_says_where_the_rate_works_and_that_it_may_be_wider():
    (row,) = texts(RATE)
    assert row[:2] == ["p", "lstm, length 64"]
    assert row[2:5] == ["learning rate", "0.01", "0.01 to 0.1 (≥ 1.0 decades)"]
    assert row[5] == "0.001: 0.500   0.01: 0.950   0.1: 0.910"


def test_settings_chosen_together_show_their_grid():
    points = [{"optimizer.learning_rate": r, "model.chrono_max": c}
              for r in (0.001, 0.01) for c in (8, 64)]  # fmt: skip
    grid = {"points": points, "scores": [0.25, 0.5, 0.5, None], "chosen": points[2]}
    first = {**RATE, "values": [0.001, 0.01], "scores": [0.5, 0.125], "grid": grid}
    rows = texts({**first, "chosen": 0.001})
    assert rows[1][2:4] == ["learning rate × chrono max", "0.01 × 8"]
    assert rows[1][5].startswith("0.001 × 8: 0.250   0.001 × 64: 0.500   0.01 × 8:")
    assert rows[1][5].endswith("0.01 × 64: –")


def test_what_is_no_number_has_no_range():
    words = {**RATE, "values": ["a", "b", "c"]}
    losses = {**RATE, "scores": [-1.2, -0.5, None]}
    alone = {**RATE, "values": [0.01], "scores": [1.0]}
    torn = {**PLACE, "values": 3, "scores": "x", "grid": {"points": [1]}}
    rows = texts(words, losses, alone, torn)
    assert [row[4] for row in rows] == ["–"] * 5


def test_how_wide_a_range_works_is_one_row_a_model_and_setting():
    at = lambda scores, length: {
        **RATE,
        "cell": {"model": "lstm", "length": length},
        "scores": scores,
    }
    choices = [
        at([0.5, 0.95, 0.1], 16),  # alone, with values tried on both sides
        at([0.2, 0.95, 0.91], 32),  # a decade, open above
        at([0.0, 0.02, 0.01], 64),  # learned nothing
        {**RATE, "cell": {"model": "losses"}, "scores": [-1.2, -0.5, None]},
    ]
    table = working_table(Sweep("s", "", "", (), tuple(choices), 0, (), ()))
    ((*place, width, open_),) = [list(row) for row in table.rows]
    assert [cell.text for cell in place] == [
        *("p", "lstm", "learning rate", "3", "0.001 to 0.1", "2 of 3")
    ]
    assert (width.text, width.detail, open_.text) == ("0.5", "[0.0, 1.0]", "1")
