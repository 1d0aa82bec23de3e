from lib.models.gru import make_gru
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_gru_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_gru(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.gru(p["layer_0"], x, carry[0]),
    )
