import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.min_gru import make_min_gru
from lib.models.min_lstm import make_min_lstm
from tests.models import reference_linear as reference
from tests.models.agreement import INTERFACE, check_agreement

MODELS = {
    "min_gru": (make_min_gru, reference.min_gru),
    "min_lstm": (make_min_lstm, reference.min_lstm),
}
every_model = pytest.mark.parametrize("name", MODELS)


@every_model
@pytest.mark.parametrize("candidate", ["linear", "positive"])
def test_minimal_cells_follow_the_paper_in_values_and_gradients(name, candidate):
    make, loop = MODELS[name]
    check_agreement(
        make(INTERFACE, hidden_size=4, candidate=candidate),
        lambda p, x, carry: loop(p["layer_0"], x, carry[0], candidate == "positive"),
    )


@every_model
def test_the_bias_says_what_share_is_kept_a_step_at_the_start(name):
    # With weights of zero h_t is kept h_{t-1}: the second output over the first.
    np.testing.assert_allclose(_kept(name, forget_bias=0.0), 0.5, rtol=1e-5)
    bias = 2.0
    share = 1 / (1 + np.exp(-bias))
    if name == "min_lstm":  # f / (f + i) with i = 1/2
        share = share / (share + 0.5)
    np.testing.assert_allclose(_kept(name, forget_bias=bias), share, rtol=1e-5)


@every_model
def test_chrono_biases_keep_up_to_the_longest_dependency_and_no_longer(name):
    kept = _kept(name, chrono_max=101.0, hidden_size=256)
    # u uniform in [1, 100]: the share kept is u / (1 + u) for both models, as the two
    # gates of min_lstm add up to 1.
    u = kept / (1 - kept)
    assert 1 <= u.min() * 1.001 and u.max() <= 100 * 1.001
    # The mean of 256 draws is within 3.5 sigma = 3.5 * 99 / sqrt(12 * 256) of 50.5.
    assert abs(u.mean() - 50.5) < 6.3


def test_the_share_kept_is_finite_where_both_gates_underflow():
    model = make_min_lstm(INTERFACE, hidden_size=1)
    x = np.zeros((1, 1, 3), np.float32)
    shapes = jax.eval_shape(model.init, jax.random.key(0), x)
    params = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), shapes)
    params["layer_0"]["b"] = jnp.array([-200.0, -201.0, 0.0])
    h, _ = jax.jit(model.step)(params, (jnp.ones((1, 1)),), jnp.asarray(x[:, 0]))
    # f / (f + i) = 1 / (1 + exp(-201 + 200))
    np.testing.assert_allclose(h[0], 1 / (1 + np.exp(-1.0)), rtol=1e-5)


def _kept(name, hidden_size=4, **settings):
    """What is left after a step of a state of ones, at the start, inputs zero."""
    model = MODELS[name][0](INTERFACE, hidden_size=hidden_size, **settings)
    x = np.zeros((1, 1, 3), np.float32)
    params = jax.jit(model.init)(jax.random.key(0), x)
    h, _ = jax.jit(model.step)(
        params, (jnp.ones((1, hidden_size)),), jnp.asarray(x[:, 0])
    )
    return np.asarray(h[0][0], np.float64)
