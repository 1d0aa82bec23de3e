import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.rg_lru import make_rg_lru
from tests.models import reference_linear as reference
from tests.models.agreement import INTERFACE, check_agreement


def test_rg_lru_follows_the_paper_in_values_and_gradients():
    check_agreement(
        make_rg_lru(INTERFACE, hidden_size=4, expand=1.25, d_conv=3),
        lambda p, x, carry: reference.block(
            p["layer_0"], x, lambda p, v: reference.rg_lru(p, v, *carry[0])
        ),
    )


def test_what_an_open_gate_keeps_starts_uniform_between_its_bounds():
    model = make_rg_lru(INTERFACE, hidden_size=192, a_min=0.5, a_max=0.9)
    x = np.zeros((1, 1, 3), np.float32)
    mix = jax.jit(model.init)(jax.random.key(0), x)["layer_0"]["mix"]
    a = 1 / (1 + np.exp(-np.asarray(mix["Lambda"], np.float64)))
    kept = a**8
    assert kept.shape == (256,)  # 4/3 of 192
    assert 0.5 <= kept.min() * 1.00001 and kept.max() <= 0.9 * 1.00001
    # Uniform: the mean of 256 draws is within 3.5 sigma of the middle.
    assert abs(kept.mean() - 0.7) < 3.5 * 0.4 / np.sqrt(12 * 256)


@pytest.mark.parametrize("bias", [-40.0, -200.0])
def test_a_gate_nearly_shut_keeps_its_state_and_has_finite_gradients(bias):
    model = make_rg_lru(INTERFACE, hidden_size=2, expand=1.0)
    x = jnp.ones((1, 4, 3))
    params = jax.jit(model.init)(jax.random.key(0), x)
    mix = params["layer_0"]["mix"]
    mix["b_a"] = jnp.full((2,), bias)  # r_t = 4e-18, or 0 in float32
    carry = model.initial(params, x)
    carry = ((jnp.ones((1, 2)), carry[0][1]),)

    def last(params):
        _, ((h, _),) = model.apply(params, carry, x, None, None)
        return jnp.sum(h), h

    gradient, h = jax.jit(jax.grad(last, has_aux=True))(params)
    np.testing.assert_allclose(h, 1, rtol=1e-6)
    assert all(bool(jnp.all(jnp.isfinite(g))) for g in jax.tree.leaves(gradient))
