from lib.models.window_mlp import make_window_mlp
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_window_mlp_follows_its_equations_in_values_and_gradients():
    check_agreement(
        make_window_mlp(INTERFACE, hidden_size=4, window=5),
        lambda p, x, carry: reference.window_mlp(p["layer_0"], x, carry[0]),
    )
