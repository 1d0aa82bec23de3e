"""What models say they can do, against models that lack one thing each."""

import pytest

from lib.capability import (
    capability,
    has_constant_state,
    has_resets,
    has_step,
    is_parallel,
)
from lib.models.gru import make_gru
from lib.models.tcn import make_tcn
from tests.toy import TOKENS, toy_model


def test_a_recurrent_network_reads_on_and_on():
    found = capability(make_gru(TOKENS, hidden_size=3), TOKENS)
    assert found[:5] == (True, True, True, True, None)
    # U [5, 9], W [3, 9], b [9], V [3, 4], c [4]; one state of 3.
    assert (found.parameters, found.state_size) == (45 + 27 + 9 + 12 + 4, 3)


def test_a_model_that_reads_both_ways_can_none_of_it():
    found = capability(make_gru(TOKENS, hidden_size=3, direction="both"), TOKENS)
    assert found[:4] == (False,) * 4


def test_a_window_is_what_the_model_says():
    model = make_tcn(TOKENS, hidden_size=3, num_layers=1, kernel_size=4)
    assert capability(model, TOKENS).receptive_field == 1 + 2 * 3


@pytest.mark.parametrize(
    ("has", "lacking"),
    [
        (has_step, {"step": False}),
        (has_step, {"grows": True}),
        (has_constant_state, {"grows": True}),
        (has_resets, {"resets": False}),
    ],
)
def test_what_a_model_lacks_is_found(has, lacking):
    assert has(toy_model(), TOKENS)
    assert not has(toy_model(**lacking), TOKENS)


def test_families_say_whether_steps_wait_for_each_other():
    assert [is_parallel(name) for name in ("gru", "lru", "transformer")] == [
        False,
        True,
        True,
    ]
