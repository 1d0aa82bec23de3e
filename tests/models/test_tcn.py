import numpy as np
import pytest

from lib.models.tcn import make_tcn
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_tcn_follows_the_paper_in_values_and_gradients():
    def loop(params, x, carry):
        for level in range(2):
            past = [np.asarray(p) for p in carry[level]]
            x = reference.tcn_block(params[f"layer_{level}"], x, past, 2**level)
        return x

    model = make_tcn(INTERFACE, hidden_size=4, num_layers=2, kernel_size=3)
    check_agreement(model, loop)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # Bai, Kolter & Koltun 2018: two convolutions of (k - 1) d inputs a level.
        ({"kernel_size": 2, "num_layers": 6}, 127),
        ({"kernel_size": 2, "num_layers": 6, "convolutions_per_block": 1}, 64),
        ({"kernel_size": 7, "num_layers": 4}, 181),
        # 1 + 3 (1 + 4 + 16): every input once
        (
            {
                "kernel_size": 4,
                "num_layers": 3,
                "convolutions_per_block": 1,
                "dilation_base": 4,
            },
            64,
        ),
    ],
)
def test_receptive_field_is_that_of_the_formula(settings, expected):
    assert make_tcn(INTERFACE, **settings).receptive_field == expected
