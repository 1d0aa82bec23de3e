"""The reader of pictures against float64 loops from its equations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.models.cnn import Blocks
from lib.models.picture_reader import make_picture_reader
from lib.types import Interface
from tests.models.contract import draw_like

H = 5
INTERFACE = Interface(7, 7, 4, padding=True, image=(8, 8, 3))
TOKENS = np.array([[1, 5, 2]], np.int32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(layer, h, x):
    """Cho et al. 2014, v1: the reset gate multiplies W h."""
    a_r, a_z, a_n = np.split(x @ layer["U"] + layer["b"], 3)
    u_r, u_z, u_n = np.split(h @ layer["W"], 3)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    return z * h + (1 - z) * np.tanh(a_n + r * u_n)


def places(params, image):
    """Features of the encoder, which has its own test, with rows and columns."""
    # A picture less its mean colour, four times.
    centred = 4 * (image - image.mean((1, 2), keepdims=True))
    a = Blocks((3, 4)).apply({"params": params["encoder"]}, jnp.asarray(centred))
    a = np.asarray(a, np.float64)[0]
    coordinate = np.linspace(-1, 1, len(a))
    rows, columns = np.meshgrid(coordinate, coordinate, indexing="ij")
    return np.concatenate([a, rows[..., None], columns[..., None]], -1).reshape(4, 6)


def loop(form, params, image):
    """The outputs [T, V] for TOKENS, one word after another."""
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    a = places(params, image)
    s = np.maximum(a.ravel() @ p["A"] + p["a"], 0)
    h = np.zeros(H) if form == "every" else np.tanh(s @ p["B"] + p["b"])
    outputs = []
    for token in TOKENS[0]:
        x, seen = p["E"][token], np.zeros(0)
        if form == "every":
            x = np.concatenate([x, s])
        if form == "attended":
            q = np.concatenate([h, x]) @ p["Q"] + p["q"]
            scores = (a @ p["K"]) @ q / np.sqrt(H)
            w = np.exp(scores) / np.exp(scores).sum()
            seen = w @ a
            x = np.concatenate([x, seen])
        h = gru(p["layer"], h, x)
        outputs.append(np.concatenate([h, seen]) @ p["V"] + p["c"])
    return np.stack(outputs)


@pytest.mark.parametrize("form", ["first", "every", "attended"])
def test_outputs_are_those_of_the_equations(form):
    model = make_picture_reader(
        INTERFACE, filters=(3, 4), hidden_size=H, embedding_size=3, image=form
    )
    image = np.random.default_rng(0).uniform(size=(1, 8, 8, 3)).astype(np.float32)
    inputs = {"image": jnp.asarray(image), "tokens": jnp.asarray(TOKENS)}
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), inputs))
    run = lambda p: model.apply(p, model.initial(p, inputs), inputs, None, None)[0]
    outputs = jax.jit(run)(params)[0]
    np.testing.assert_allclose(outputs, loop(form, params, image), rtol=1e-4, atol=1e-5)
