"""The convolutional and the feed-forward network, against float64 loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.cnn import make_cnn
from lib.models.mlp import make_mlp
from lib.models.resnet import make_resnet
from lib.types import Interface
from lib.window import WHOLE
from tests.models.contract import draw_like
from tests.ops.test_image import correlate, padded, pool, same

RANDOM = np.random.default_rng(0)
IMAGES = jnp.asarray(RANDOM.uniform(size=(2, 6, 6, 2)), jnp.float32)
INTERFACE = Interface(0, 2, 3, image=IMAGES.shape[1:])


def answers(model):
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), IMAGES))
    outputs, _ = model.apply(params, (), IMAGES, None, None)
    exact = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    return exact, np.asarray(outputs[:, 0])


def test_cnn_is_blocks_of_convolution_relu_and_pooling_then_layers():
    model = make_cnn(INTERFACE, filters=(4, 5), hidden_size=7, group=2)
    params, got = answers(model)
    x = np.asarray(IMAGES, np.float64)
    for i in range(2):
        sides = (same(x.shape[1], 3), same(x.shape[2], 3))
        z = correlate(padded(x, sides), params["blocks"][f"K_{i}_0"])
        z = np.maximum(z + params["blocks"][f"b_{i}_0"], 0)
        z = np.maximum(z[..., ::2], z[..., 1::2])  # the larger of two filters
        sides = (same(z.shape[1], 2, 2), same(z.shape[2], 2, 2))
        x = pool(padded(z, sides, -np.inf), 2, 2, lambda part: part.max((1, 2)))
    h = np.maximum(x.reshape(2, -1) @ params["U_0"] + params["b_0"], 0)
    expected = h @ params["V"] + params["c"]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_mlp_is_layers_over_all_pixels_in_a_row():
    params, got = answers(make_mlp(INTERFACE, hidden_size=5, num_layers=2))
    h = np.asarray(IMAGES, np.float64).reshape(2, -1)
    for i in range(2):
        h = np.maximum(h @ params[f"U_{i}"] + params[f"b_{i}"], 0)
    expected = h @ params["V"] + params["c"]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_a_pooled_map_of_an_odd_side_keeps_its_last_row():
    model = make_cnn(Interface(0, 2, 3, image=(5, 5, 2)), filters=(4,), hidden_size=0)
    shapes = jax.eval_shape(model.init, jax.random.key(0), IMAGES[:, :5, :5])
    assert shapes["V"].shape == (3 * 3 * 4, 3)


def test_dropout_leaves_out_a_share_of_the_last_layer_in_training_alone():
    model = make_mlp(INTERFACE, hidden_size=512, num_layers=1, dropout=0.25)
    params = model.init(jax.random.key(0), IMAGES)
    ones = {**params, "U_0": 0 * params["U_0"], "b_0": 1 + params["b_0"]}
    ones["V"] = 1 + 0 * params["V"]
    whole, _ = model.apply(ones, (), IMAGES, None, None)
    np.testing.assert_array_equal(whole, np.full((2, 1, 3), 512))
    dropped, _ = model.apply(ones, (), IMAGES, None, jax.random.key(1))
    kept = np.asarray(dropped[:, 0, 0]) * 0.75  # of 512, four deviations of 9.8 around
    assert (abs(kept - 384) < 40).all() and (kept != 512).all()


def fixed_and_moving(kernels):
    """Which parameters have a gradient that is not zero."""
    model = make_cnn(INTERFACE, filters=(3, 4), hidden_size=5, kernels=kernels)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), IMAGES))

    def loss(params):
        return jnp.sum(model.apply(params, (), IMAGES, None, None)[0] ** 2)

    slopes = jax.jit(jax.grad(loss))(params)
    moved = jax.tree.map(lambda g: np.asarray(g != 0).any(), slopes)
    return moved.pop("blocks"), moved


def test_random_filters_stay_as_drawn_and_what_reads_them_learns():
    filters, readout = fixed_and_moving("random")
    assert not any(filters.values()) and all(readout.values())
    filters, readout = fixed_and_moving("learned")
    assert all(filters.values()) and all(readout.values())


def shown(model, params, images):
    values = jax.jit(model.layers.apply)(params, images)
    return dict(zip(model.layers.names, values, strict=True))


def test_the_layers_shown_are_those_that_lead_to_the_answer():
    model = make_cnn(INTERFACE, filters=(4, 5), hidden_size=7, group=2)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), IMAGES))
    values = shown(model, params, IMAGES)
    kinds = ["conv", "relu", "maxout", "pool"]
    names = [f"{kind} {i}" for i in (1, 2) for kind in kinds]
    assert list(values) == [*names, "hidden 1", "answer"]
    outputs, _ = jax.jit(model.apply)(params, (), IMAGES, None, None)
    np.testing.assert_allclose(values["answer"], outputs[:, 0], rtol=1e-5)
    conv = np.asarray(values["conv 1"])
    np.testing.assert_array_equal(values["relu 1"], np.maximum(conv, 0))
    best = np.maximum(conv[..., ::2], conv[..., 1::2])
    np.testing.assert_array_equal(values["maxout 1"], np.maximum(best, 0))
    tiles = np.asarray(values["maxout 1"]).reshape(2, 3, 2, 3, 2, 4)
    np.testing.assert_array_equal(values["pool 1"], tiles.max((2, 4)))


@pytest.mark.parametrize(
    "make, settings",
    [
        (make_cnn, {"filters": (2, 2), "kernel_size": 4}),
        (make_resnet, {"filters": (2, 2)}),
    ],
)
def test_a_unit_moves_with_the_pixels_of_its_window_and_with_no_other(make, settings):
    model = make(Interface(0, 1, 3, image=(11, 9, 1)), **settings)
    images = jnp.asarray(RANDOM.uniform(size=(40, 1, 11, 9, 1)), jnp.float32)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), images[0]))
    # Positive weights, so that no window is hidden by what is not the largest of it,
    # and many pictures, in which other pixels of a pooling window are the largest.
    params = jax.tree.map(jnp.abs, params)
    windows = model.layers.windows

    def units(x):
        values = model.layers.apply(params, x)
        pairs = zip(values, windows, strict=True)
        return [v[0, 1, 1].sum() for v, own in pairs if WHOLE not in own]

    slopes = jax.jit(jax.vmap(jax.jacrev(units)))(images)
    for slope, own in zip(slopes, windows, strict=False):
        moved = np.asarray(slope != 0)[:, 0, :, :, 0].any(axis=0)
        for axis, window in enumerate(own):
            first, after = window.span(1)
            seen = np.flatnonzero(moved.any(axis=1 - axis))
            size = moved.shape[axis]
            assert (seen[0], seen[-1] + 1) == (max(first, 0), min(after, size))
