"""The block around a mixing, against its equations in float64."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.block import Block, head_norm, layer_norm, rms_norm

T, B, D, H = 4, 2, 3, 6
random = np.random.default_rng(0)


class Total(nn.Module):
    """h_t = h_{t-1} + x_t: the simplest mixing over time."""

    def initial(self, batch_size):
        return jnp.zeros((batch_size, H))

    def __call__(self, carry, x, reset):
        h = carry[None] + jnp.cumsum(x, axis=0)
        return h[-1], h


def norm(x, scale):
    return scale * x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)


def gelu(x):  # its approximation by tanh (Hendrycks & Gimpel 2016, section 2)
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@pytest.mark.parametrize("mlp_factor", [0, 2])
@pytest.mark.parametrize("is_last", [True, False])
def test_a_block_is_norm_mixing_skip_and_mlp(mlp_factor, is_last):
    block = Block(D, H, lambda size: Total(), mlp_factor, is_last)
    u = random.normal(size=(T, B, D)).astype(np.float32)
    start = jnp.zeros((B, H))
    params = block.init(jax.random.key(0), start, jnp.asarray(u), None)["params"]
    draw = lambda p: jnp.asarray(random.normal(size=p.shape), jnp.float32)
    params = jax.tree.map(draw, params)
    _, y = block.apply({"params": params}, start, jnp.asarray(u), None)
    params = jax.tree.map(np.asarray, params)
    x = u @ params["R"]
    h = x + np.cumsum(norm(x, params["s_mix"]), axis=0)
    if mlp_factor:
        inside = norm(h, params["s_mlp"]) @ params["W_1"] + params["b_1"]
        h = h + gelu(inside) @ params["W_2"]
    expected = norm(h, params["s_out"]) if is_last else h
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_norms_have_unit_size_and_no_mean_where_they_say_so():
    x = jnp.asarray(3 + random.normal(size=(T, B, H)), jnp.float32)
    ones, zeros = jnp.ones(H), jnp.zeros(H)
    size = lambda y: np.mean(np.square(y), axis=-1)
    np.testing.assert_allclose(size(rms_norm(x, ones)), 1, rtol=1e-4)
    centred = layer_norm(x, ones, zeros)
    np.testing.assert_allclose(np.mean(centred, axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(size(centred), 1, rtol=1e-4)
    heads = np.asarray(head_norm(x, ones, 2)).reshape(T, B, 2, H // 2)
    np.testing.assert_allclose(size(heads), 1, rtol=1e-4)
