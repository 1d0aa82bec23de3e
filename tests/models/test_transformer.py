import pytest

from lib.models.transformer import make_transformer
from lib.registry import MODELS
from tests.models.agreement import INTERFACE, check_agreement
from tests.models.reference_attention import transformer


def test_a_transformer_follows_its_papers_in_values_and_gradients():
    check_agreement(
        make_transformer(
            INTERFACE, hidden_size=8, num_layers=1, num_heads=2, context=6
        ),
        lambda p, x, carry: transformer(p["layer_0"], x, carry[0], 2, rope=True),
    )


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
