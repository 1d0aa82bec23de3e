"""What the benchmark times side by side computes the same."""

import jax
import jax.numpy as jnp
import numpy as np

from experiments.bench import convolution, diagonal, latency
from lib.models.cnn import make_cnn
from lib.types import Interface
from tests.models.contract import draw_like


def test_the_network_of_flax_is_the_same_function():
    side = convolution.SIDE
    interface = Interface(0, 1, convolution.CLASSES, image=(side, side, 1))
    ours = make_cnn(
        interface,
        filters=convolution.FILTERS,
        kernel_size=convolution.KERNEL,
        hidden_size=convolution.HIDDEN,
    )
    draw = np.random.default_rng(0).uniform
    images = jnp.asarray(draw(size=(2, side, side, 1)), "float32")
    params = draw_like(jax.eval_shape(ours.init, jax.random.key(0), images))
    blocks = params["blocks"]
    renamed = {
        "Conv_0": {"kernel": blocks["K_0_0"], "bias": blocks["b_0_0"]},
        "Conv_1": {"kernel": blocks["K_1_0"], "bias": blocks["b_1_0"]},
        "Dense_0": {"kernel": params["U_0"], "bias": params["b_0"]},
        "Dense_1": {"kernel": params["V"], "bias": params["c"]},
    }
    flax = convolution.make_flax_network()
    got = jax.jit(flax.apply)({"params": renamed}, images)
    expected = jax.jit(lambda p: ours.apply(p, (), images, None, None)[0])(params)
    np.testing.assert_allclose(got, expected[:, 0], rtol=1e-5, atol=1e-4)


def test_the_prefix_sum_is_the_recurrence():
    generator = np.random.default_rng(0)
    a, h = generator.uniform(0.5, 1, 3), generator.standard_normal((1, 3))
    x = generator.standard_normal((7, 1, 3))
    state, expected = h, []
    for step in x:
        state = a * state + step
        expected.append(state)
    arrays = (jnp.asarray(array, "float32") for array in (a, x, h))
    found = diagonal.associative_scan(*arrays)
    np.testing.assert_allclose(found, np.stack(expected), rtol=1e-5, atol=1e-6)


def test_the_scans_of_the_latency_can_be_called():
    for parallel in (False, True):
        states = latency.make_scan(parallel, 8).call()
        assert states.shape == (8, 1, latency.CHANNELS)
        assert np.isfinite(states).all()
