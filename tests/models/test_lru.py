import jax
import numpy as np

from lib.models.lru import make_lru
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement


def test_lru_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_lru(INTERFACE, hidden_size=4),
        lambda p, x, carry: reference.lru(p["layer_0"], x, carry[0]),
    )


def test_eigenvalues_start_in_the_ring_and_gamma_normalises_them():
    model = make_lru(INTERFACE, hidden_size=256, r_min=0.5, r_max=0.9, max_phase=1.5)
    x = np.zeros((1, 1, 3), np.float32)
    layer = jax.jit(model.init)(jax.random.key(0), x)["layer_0"]
    radius = np.exp(-np.exp(np.asarray(layer["nu"], np.float64)))
    phase = np.exp(np.asarray(layer["theta"]))

    assert 0.5 <= radius.min() and radius.max() <= 0.9
    assert 0 < phase.min() and phase.max() <= 1.5
    # radius^2 is uniform in [0.25, 0.81]: mean 0.53, of 256 draws within 0.04.
    assert abs(np.mean(radius**2) - 0.53) < 0.04
    gamma = np.exp(np.asarray(layer["log_gamma"]))
    np.testing.assert_allclose(gamma, np.sqrt(1 - radius**2), rtol=1e-5)
