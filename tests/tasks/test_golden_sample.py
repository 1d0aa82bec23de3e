"""A version of a generated task draws the same samples for ever."""

import pytest

from tests.tasks.cases import sizes_of
from tests.tasks.golden import CASES, checksum, make, read

KNOWN = read()
HOW = "`python -m tests.tasks.golden` records it"


@pytest.mark.parametrize("case", list(CASES))
def test_a_sample_is_that_of_its_version(case):
    name, options = CASES[case]
    task = make(name, options)
    assert case in KNOWN, f"{case} is new: {HOW}"
    known = KNOWN[case]
    assert known["version"] == task.version, f"{case} has a new version: {HOW}"
    assert checksum(task, sizes_of(name)[0]) == known["checksum"], (
        f"{case}: other samples than version {task.version} had: raise its version"
    )


def test_every_recorded_sample_is_of_a_registered_task():
    assert set(KNOWN) <= set(CASES)
