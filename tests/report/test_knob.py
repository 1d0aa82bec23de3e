"""Which axis of a sweep makes its task harder."""

import pytest

from lib.report.knob import knob_of


def cells(**values):
    """The cells and tasks of runs that differ in one setting of the task."""
    (name, numbers), *rest = values.items()
    given = dict(rest)
    return (
        [{"model": "gru", name: n, **given} for n in numbers],
        [{"name": "mqar", "length": 64, "num_pairs": n} for n in numbers],
    )


@pytest.mark.parametrize(
    ("made", "knob"),
    [
        (cells(num_pairs=(2, 4, 8)), "num_pairs"),
        (cells(load=(2, 4, 8)), "load"),  # under another name
        (cells(num_pairs=(2, 4), curriculum="uniform"), "num_pairs"),
        (cells(num_pairs=(4, 4)), "length"),  # one value is no axis
        (cells(num_pairs=(2, 4), length=64), "length"),  # lengths are compared too
        (cells(num_pairs=("2", "4")), "length"),
        (([], []), "length"),
    ],
)
def test_the_axis_is_the_length_or_the_only_number_of_the_task(made, knob):
    assert knob_of(*made) == knob


def test_a_number_that_is_no_setting_of_the_task_is_no_axis():
    where, tasks = cells(hidden_size=(16, 32))
    tasks = [{**task, "num_pairs": 4} for task in tasks]
    assert knob_of(where, tasks) == "length"
