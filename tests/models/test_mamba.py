import jax
import numpy as np

from lib.models.mamba import make_mamba
from tests.models import reference_linear as reference
from tests.models.agreement import INTERFACE, check_agreement


def test_mamba_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_mamba(INTERFACE, hidden_size=4, state_size=3, dt_rank=2, d_conv=3),
        lambda p, x, carry: reference.block(
            p["layer_0"],
            x,
            lambda p, v: reference.mamba(p, v, carry[0][0].copy(), carry[0][1]),
        ),
    )


def test_time_scales_start_as_in_the_paper():
    model = make_mamba(INTERFACE, hidden_size=128, dt_min=0.01, dt_max=0.2)
    x = np.zeros((1, 1, 3), np.float32)
    mix = jax.jit(model.init)(jax.random.key(0), x)["layer_0"]["mix"]

    # S4D-Real: -1 to -N in each of the 2 H channels.
    A = -np.exp(np.asarray(mix["log_A"], np.float64))
    expected = np.repeat(-np.arange(1.0, 17)[:, None], 256, axis=1)
    np.testing.assert_allclose(A, expected, rtol=1e-6)
    assert mix["W_delta"].shape == (8, 256)  # dt_rank: 128 / 16
    assert np.abs(mix["W_delta"]).max() <= 8**-0.5
    delta = np.log1p(np.exp(np.asarray(mix["b_delta"], np.float64)))
    assert 0.01 * 0.999 <= delta.min() and delta.max() <= 0.2 * 1.001
    # Log-uniform: the mean of 256 logarithms is within 3.5 sigma of the middle.
    span = np.log(0.2 / 0.01)
    middle = np.log(0.01) + span / 2
    assert abs(np.log(delta).mean() - middle) < 3.5 * span / np.sqrt(12 * 256)


def test_rank_of_the_step_is_rounded_up():
    shapes = jax.eval_shape(
        make_mamba(INTERFACE, hidden_size=18).init,
        jax.random.key(0),
        np.zeros((1, 1, 3), np.float32),
    )
    assert shapes["layer_0"]["mix"]["W_delta"].shape == (2, 36)
