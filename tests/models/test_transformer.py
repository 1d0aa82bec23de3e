import typing

import pytest

from lib.models.transformer import Position, make_transformer
from lib.registry import MODELS
from tests.models.agreement import INTERFACE, check_agreement
from tests.models.contract import FLOATS, check_reach, check_steps, make_case
from tests.models.reference_attention import transformer


@pytest.mark.parametrize("position", typing.get_args(Position))
def test_a_transformer_follows_its_papers_in_values_and_gradients(position):
    check_agreement(
        make_transformer(
            INTERFACE,
            hidden_size=8,
            num_layers=1,
            num_heads=2,
            position=position,
            context=6,
        ),
        lambda p, x, carry: transformer(p["layer_0"], x, carry[0], 2, position),
    )


# That of rotations is under the whole contract, as what a transformer is by default.
@pytest.mark.parametrize("position", ["none", "alibi"])
def test_whole_is_step_by_step_and_reaches_as_far_as_it_sees(position):
    case = make_case("transformer", FLOATS, position=position)
    check_steps(case)
    check_reach(case)


def test_an_output_depends_on_the_windows_of_all_layers():
    model = make_transformer(INTERFACE, hidden_size=8, num_layers=3, context=5)
    assert model.receptive_field == 1 + 3 * 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_size": 10}, "hidden_size must be a multiple of num_heads, got 10"),
        ({"hidden_size": 12}, "hidden_size / num_heads must be even, got 12 / 4"),
    ],
)
def test_heads_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MODELS["transformer"](INTERFACE, **settings)
