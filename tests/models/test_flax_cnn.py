"""Flax's own layers, timed beside cnn, compute the same function."""

import jax
import jax.numpy as jnp
import numpy as np

from lib.models.cnn import make_cnn
from lib.models.flax_cnn import make_flax_cnn
from lib.types import Interface
from tests.models.test_model_contract import draw_like


def test_the_network_of_flax_is_the_same_function():
    interface = Interface(0, 2, 3, image=(8, 8, 2))
    sizes = {"filters": (4, 5), "kernel_size": 3, "hidden_size": 6}
    ours, flax = make_cnn(interface, **sizes), make_flax_cnn(interface, **sizes)
    images = jnp.asarray(np.random.default_rng(0).uniform(size=(2, 8, 8, 2)), "float32")
    params = draw_like(jax.eval_shape(ours.init, jax.random.key(0), images))
    blocks = params["blocks"]
    renamed = {
        "Conv_0": {"kernel": blocks["K_0_0"], "bias": blocks["b_0_0"]},
        "Conv_1": {"kernel": blocks["K_1_0"], "bias": blocks["b_1_0"]},
        "Dense_0": {"kernel": params["U_0"], "bias": params["b_0"]},
        "Dense_1": {"kernel": params["V"], "bias": params["c"]},
    }
    got = jax.jit(lambda p: flax.apply(p, (), images, None, None)[0])(renamed)
    expected = jax.jit(lambda p: ours.apply(p, (), images, None, None)[0])(params)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)
