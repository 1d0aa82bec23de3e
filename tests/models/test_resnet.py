"""The residual network, against float64 loops and against what it starts as."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.resnet import make_resnet
from tests.models.test_cnn import IMAGES, INTERFACE, answers
from tests.ops.test_image import correlate, padded, pool, same


def convolve(x, K, b):
    sides = (same(x.shape[1], len(K)), same(x.shape[2], len(K)))
    return correlate(padded(x, sides), K) + b


def relu(x):
    return np.maximum(x, 0)


def block(h, p):
    z = relu(convolve(relu(h), p["K"], p["b"]))
    return h + p["a"] * convolve(z, p["L"], p["d"])


def test_resnet_is_a_stem_then_stages_of_blocks_then_a_mean_over_places():
    model = make_resnet(INTERFACE, filters=(4, 5), num_blocks=2, stem_pool=2)
    params, got = answers(model)
    h = convolve(np.asarray(IMAGES, np.float64), params["K_in"], params["b_in"])
    h = pool(h, 2, 2, lambda part: part.max((1, 2)))  # 6 x 6 to 3 x 3
    for s in range(2):
        if s:  # 3 x 3 to 2 x 2: the last windows are cut short
            filled = padded(h, (same(3, 2, 2), same(3, 2, 2)), np.nan)
            h = pool(filled, 2, 2, lambda part: np.nanmean(part, (1, 2)))
            h = h @ params["W_1"]
        for i in range(2):
            h = block(h, params[f"block_{s}_{i}"])
    expected = relu(h).mean((1, 2)) @ params["V"] + params["c"]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_a_block_starts_as_the_identity_and_learns_from_the_first_step():
    shallow = make_resnet(INTERFACE, filters=(4,), num_blocks=1, stem_pool=1)
    params = shallow.init(jax.random.key(0), IMAGES)
    changed = jax.tree.map(lambda leaf: leaf, params)
    changed["block_0_0"]["K"] = 3.0 + changed["block_0_0"]["K"]
    outputs = jax.jit(lambda p: shallow.apply(p, (), IMAGES, None, None)[0])
    np.testing.assert_array_equal(outputs(params), outputs(changed))
    slope = jax.jit(jax.grad(lambda p: jnp.sum(outputs(p)[..., 0])))(params)
    assert float(slope["block_0_0"]["a"]) != 0


def test_no_filters_are_refused():
    with pytest.raises(ValueError, match="filters must name at least one"):
        make_resnet(INTERFACE, filters=())
