"""irnn, indrnn, orthogonal_rnn and cornn against loops written from their papers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.cornn import make_cornn
from lib.models.indrnn import hold, make_indrnn
from lib.models.irnn import make_irnn
from lib.models.orthogonal_rnn import make_orthogonal_rnn
from tests.models import reference_rnn as reference
from tests.models.agreement import INTERFACE, check_agreement


def test_irnn_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_irnn(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.irnn(p["layer_0"], x, carry[0]),
    )


def test_indrnn_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_indrnn(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.indrnn(p["layer_0"], x, carry[0], 2 ** (1 / 128)),
    )


def test_orthogonal_rnn_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_orthogonal_rnn(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.orthogonal_rnn(p["layer_0"], x, carry[0]),
    )


@pytest.mark.parametrize("damping", ["explicit", "implicit"])
def test_cornn_follows_the_paper_in_values_and_gradients(damping):
    constants = 0.3, 1.7, 0.9
    settings = dict(zip(("dt", "gamma", "epsilon"), constants, strict=True))
    check_agreement(
        make_cornn(INTERFACE, hidden_size=4, damping=damping, **settings),
        lambda p, x, carry: reference.cornn(
            p["layer_0"], x, carry[0], constants, damping
        ),
    )


def test_irnn_starts_as_the_scaled_identity_with_small_inputs():
    layer = _start(make_irnn(INTERFACE, hidden_size=512, scale=0.5))["layer_0"]
    np.testing.assert_array_equal(layer["W"], 0.5 * np.eye(512))
    np.testing.assert_array_equal(layer["b"], 0)
    # 1536 draws: within 3.5 sigma of their deviation, 3.5 / sqrt(2 * 1536).
    np.testing.assert_allclose(np.std(layer["U"]), 0.001, rtol=0.065)


def test_indrnn_keeps_its_past_in_the_last_layer_and_all_scales_below():
    params = _start(make_indrnn(INTERFACE, hidden_size=256, num_layers=2, span=10.0))
    below, last = (np.asarray(params[f"layer_{i}"]["a"]) for i in range(2))
    bound = 2 ** (1 / 10)
    assert 0 <= below.min() and below.max() <= bound * (1 + 1e-6)
    assert abs(below.mean() - bound / 2) < 3.5 * bound / np.sqrt(12 * 256)
    assert 1 / bound * (1 - 1e-6) <= last.min() and last.max() <= bound * (1 + 1e-6)


def test_a_held_factor_stays_inside_and_can_come_back():
    a, bound = jnp.array([-2.0, -2.0, 0.5, 2.0, 2.0]), jnp.float32(1.5)
    descent = jnp.array([1.0, -1.0, 3.0, 1.0, -1.0])  # a moves against it
    held, pull = jax.vjp(lambda a: hold(a, bound), a)
    np.testing.assert_array_equal(held, [-1.5, -1.5, 0.5, 1.5, 1.5])
    np.testing.assert_array_equal(pull(descent)[0], [0, -1, 3, 1, 0])


def test_rotations_start_within_their_phase_and_stay_rotations():
    H = 65
    model = make_orthogonal_rnn(INTERFACE, hidden_size=H, max_phase=3.0)
    layer = _start(model)["layer_0"]
    W = _recurrent_matrix(model, layer)
    phases = np.sort(np.abs(np.angle(np.linalg.eigvals(W))))[1:]  # of 65, one is 0
    # 32 pairs uniform in [0, 3]: the mean within 3.5 * 3 / sqrt(12 * 32).
    assert phases.max() <= 3 + 1e-5 and abs(phases.mean() - 1.5) < 0.54
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-5)
    # Far from the start, as after a large step of training.
    far = np.random.default_rng(0).normal(0, 20, layer["S"].shape)
    W = _recurrent_matrix(model, {**layer, "S": jnp.asarray(far, jnp.float32)})
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-4)
    np.testing.assert_allclose(np.linalg.det(W), 1, rtol=1e-3)


def _start(model):
    x = np.zeros((1, 1, 3), np.float32)
    return jax.jit(model.init)(jax.random.key(0), x)


def _recurrent_matrix(model, layer):
    """What a step makes of unit vectors, without inputs and with b = 0."""
    H = len(layer["b"])
    params = {"layer_0": {**layer, "b": jnp.zeros(H)}}
    params |= {"V": jnp.zeros((H, 2)), "c": jnp.zeros(2)}
    (h,), _ = jax.jit(model.step)(params, (jnp.eye(H),), jnp.zeros((H, 3)))
    return np.asarray(h, np.float64)
