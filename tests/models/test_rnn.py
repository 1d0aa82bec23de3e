import jax
import numpy as np
import pytest

from lib.models.rnn import make_rnn
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_rnn_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_rnn(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.rnn(p["layer_0"], x, carry[0]),
    )


def test_parameters_are_those_of_the_equations_and_shared_across_time():
    model = make_rnn(INTERFACE, hidden_size=4)
    shapes = [
        jax.eval_shape(model.init, jax.random.key(0), np.zeros((2, T, 3), np.float32))
        for T in (5, 50)
    ]
    assert shapes[0] == shapes[1]
    assert set(shapes[0]) == {"layer_0", "V", "c"}
    assert set(shapes[0]["layer_0"]) == {"U", "W", "b"}


@pytest.mark.parametrize(
    ("kind", "product"), [("orthogonal", np.eye(8)), ("identity", np.eye(8))]
)
def test_recurrent_matrix_starts_as_a_rotation(kind, product):
    W = _recurrent_matrix(kind, 8)
    np.testing.assert_allclose(W @ W.T, product, atol=1e-5)
    assert (kind == "identity") == bool(np.all(W == np.eye(8)))


def test_normal_recurrent_matrix_has_variance_one_over_hidden_size():
    W = _recurrent_matrix("normal", 64)
    # The sample variance of 4096 numbers is within 10 % at over four sigma.
    np.testing.assert_allclose(np.var(W), 1 / 64, rtol=0.1)


def _recurrent_matrix(kind, hidden_size):
    model = make_rnn(INTERFACE, hidden_size=hidden_size, recurrent_init=kind)
    x = np.zeros((1, 1, 3), np.float32)
    return np.asarray(jax.jit(model.init)(jax.random.key(0), x)["layer_0"]["W"])
