"""Writing text: one compiled loop against a Python loop over single steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.generate import generate
from lib.library import make_model
from lib.types import Interface

SIZE = 11
MODELS = {
    "rnn": {"hidden_size": 6},
    "tcn": {"hidden_size": 6, "num_layers": 2, "kernel_size": 2},
}


@pytest.fixture(scope="module", params=MODELS)
def written(request):
    """A model with fresh parameters, two prompts, and a writer of 12 tokens."""
    model = make_model(
        request.param, Interface(SIZE, SIZE, SIZE), **MODELS[request.param]
    )
    prompt = jnp.array([[1, 4, 2], [7, 7, 0]], jnp.int32)
    params = model.init(jax.random.key(3), prompt)
    params = jax.tree.map(lambda x: 2.0 * x, params)  # surer of itself
    write = jax.jit(lambda t, key: generate(model, params, prompt, 12, t, key))
    return model, params, prompt, write


def loop(model, params, prompt, draw, num_tokens=12):
    """The same, one step at a time in Python; `draw(index, logits)` picks a token."""
    carry, logits = model.initial(params, prompt[:, :1]), None
    for place in range(prompt.shape[1]):
        carry, logits = model.step(params, carry, prompt[:, place])
    tokens = []
    for index in range(num_tokens):
        tokens.append(draw(index, logits))
        carry, logits = model.step(params, carry, tokens[-1])
    return np.stack(tokens, 1)


@pytest.mark.parametrize("temperature", [0.5, 1.5])
def test_the_compiled_loop_writes_what_single_steps_write(written, temperature):
    model, params, prompt, write = written
    key = jax.random.key(8)

    def draw(index, logits):
        draw_key = jax.random.fold_in(key, index)
        return jax.random.categorical(draw_key, logits / temperature).astype(jnp.int32)

    expected = loop(model, params, prompt, draw)
    np.testing.assert_array_equal(write(jnp.float32(temperature), key), expected)
    assert len(np.unique(expected)) > 2, "the test would not see a stuck loop"


def test_a_low_temperature_takes_the_likeliest(written):
    model, params, prompt, write = written
    likeliest = lambda index, logits: jnp.argmax(logits, -1).astype(jnp.int32)
    expected = loop(model, params, prompt, likeliest)
    found = write(jnp.float32(1e-6), jax.random.key(0))
    np.testing.assert_array_equal(found, expected)


def test_another_key_writes_another_text(written):
    write = written[-1]
    texts = [write(jnp.float32(1.0), jax.random.key(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(texts[0], texts[1])
    assert (np.asarray(texts[0]) != np.asarray(texts[2])).any()
