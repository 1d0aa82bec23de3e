"""The loss of a model that sees only the last k tokens."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib.context import context_loss
from lib.library import make_model
from lib.train import predict
from lib.types import Interface

SIZE, LENGTH, BATCH = 9, 16, 5
MODELS = {
    "rnn": {"hidden_size": 6},
    "tcn": {"hidden_size": 6, "num_layers": 2, "kernel_size": 2},
    "window_mlp": {"hidden_size": 6, "window": 4},
}


def setting(name):
    model = make_model(name, Interface(SIZE, SIZE, SIZE), **MODELS[name])
    keys = jax.random.split(jax.random.key(1), 3)
    windows = jax.random.randint(keys[0], (BATCH, LENGTH), 0, SIZE, jnp.int32)
    targets = jax.random.randint(keys[1], (BATCH,), 0, SIZE, jnp.int32)
    params = model.init(keys[2], windows)
    loss = jax.jit(lambda k: context_loss(model, params, windows, targets, k))
    return model, params, windows, targets, loss


def nats(logits, targets):
    """Mean cross-entropy in float64, from its definition."""
    y = np.asarray(logits, np.float64)
    log_sum = np.log(np.exp(y).sum(-1))
    return float(np.mean(log_sum - y[np.arange(len(y)), np.asarray(targets)]))


@pytest.mark.parametrize("name", ["rnn", "tcn"])
def test_a_context_is_the_whole_form_over_the_last_tokens(name):
    model, params, windows, targets, loss = setting(name)
    for k in (1, 2, 7, LENGTH):
        outputs = predict(model, params, windows[:, LENGTH - k :], None)
        expected = nats(outputs[:, -1], targets)
        # Float32 sums in another order.
        np.testing.assert_allclose(loss(jnp.int32(k)), expected, rtol=1e-5)


def test_tokens_beyond_a_window_change_nothing():
    model, *_, loss = setting("window_mlp")
    assert model.receptive_field == 4
    losses = {k: float(loss(jnp.int32(k))) for k in (1, 3, 4, 5, 9, LENGTH)}
    assert losses[4] == losses[5] == losses[9] == losses[LENGTH]
    assert len({losses[1], losses[3], losses[4]}) == 3


def test_one_program_serves_every_context():
    *_, loss = setting("rnn")
    for k in (1, 4, LENGTH):
        loss(jnp.int32(k))
    assert loss._cache_size() == 1
