import jax
import numpy as np
import pytest

from lib.models.s4d import make_s4d
from tests.models import reference_linear as reference
from tests.models.agreement import INTERFACE, check_agreement


@pytest.mark.parametrize("discretization", ["zoh", "bilinear"])
def test_s4d_follows_the_paper_in_values_and_gradients(discretization):
    check_agreement(
        make_s4d(INTERFACE, hidden_size=4, state_size=6, discretization=discretization),
        lambda p, x, carry: reference.block(
            p["layer_0"],
            x,
            lambda p, u: reference.s4d(p, u, carry[0], discretization),
        ),
    )


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        # pi n
        ("lin", [0, 3.14159265, 6.28318531, 9.42477796]),
        # (8 / pi) (8 / (2 n + 1) - 1)
        ("inv", [17.8253536, 4.24413182, 1.52788745, 0.36378273]),
    ],
)
def test_states_start_where_the_paper_puts_them(init, expected):
    settings = {"init_A": init, "state_size": 8, "dt_min": 0.01, "dt_max": 0.2}
    model = make_s4d(INTERFACE, hidden_size=256, **settings)
    x = np.zeros((1, 1, 3), np.float32)
    mix = jax.jit(model.init)(jax.random.key(0), x)["layer_0"]["mix"]
    frequency = np.repeat(np.array(expected)[:, None], 256, axis=1)
    np.testing.assert_allclose(mix["frequency"], frequency, rtol=1e-5)
    np.testing.assert_allclose(-np.exp(mix["log_decay"]), -0.5, rtol=1e-6)
    delta = np.exp(mix["log_delta"])
    assert 0.01 * 0.999 <= delta.min() and delta.max() <= 0.2 * 1.001
    # |C|^2 has mean 1: of 1024 draws within 3.5 sigma = 3.5 / 32.
    assert abs(2 * np.mean(np.square(mix["C"])) - 1) < 0.11


def test_an_odd_number_of_states_is_refused():
    with pytest.raises(ValueError, match="state_size must be even, got 7"):
        make_s4d(INTERFACE, state_size=7)
