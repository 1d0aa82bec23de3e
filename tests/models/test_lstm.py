import jax
import jax.numpy as jnp
import numpy as np

from lib.models.lstm import make_lstm
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_lstm_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_lstm(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.lstm(p["layer_0"], x, carry[0]),
    )


def test_one_program_starts_the_forget_gate_at_a_constant_or_by_chrono():
    size = 64

    @jax.jit
    def biases(forget_bias, chrono_max):
        model = make_lstm(
            INTERFACE, hidden_size=size, forget_bias=forget_bias, chrono_max=chrono_max
        )
        x = jnp.zeros((1, 1, 3))
        return jnp.split(model.init(jax.random.key(0), x)["layer_0"]["b"], 4)

    constant = [np.asarray(b) for b in biases(jnp.float32(2.5), jnp.float32(0))]
    chrono = [np.asarray(b) for b in biases(jnp.float32(2.5), jnp.float32(100))]

    for b, value in zip(constant, (0, 2.5, 0, 0), strict=True):
        np.testing.assert_array_equal(b, np.float32(value))
    b_i, b_f, b_g, b_o = chrono
    np.testing.assert_array_equal(b_i, -b_f)
    np.testing.assert_array_equal([b_g, b_o], np.zeros((2, size)))
    # exp(b_f) is uniform in [1, 99]: mean 50, and that of 64 draws within 14 (4 sigma).
    dependency = np.exp(b_f)
    assert dependency.min() >= 1 and dependency.max() <= 99
    assert abs(dependency.mean() - 50) < 14
