"""The loss of a model that reads its own samples, against a Python loop."""

import jax
import jax.numpy as jnp
import numpy as np

from lib.free_running import free_running_loss
from lib.library import make_model
from lib.types import Interface

SIZE, NUM_READ, J, BATCH = 7, 5, 6, 40
MODEL = make_model("gru", Interface(SIZE, SIZE, SIZE), hidden_size=6)


def setting():
    random = np.random.default_rng(0)
    tokens = jax.ShapeDtypeStruct((1, 1), jnp.int32)
    shapes = jax.eval_shape(MODEL.init, jax.random.key(0), tokens)
    draw = lambda leaf: jnp.asarray(random.normal(0, 1, leaf.shape), leaf.dtype)
    params = jax.tree.map(draw, shapes)
    text = random.integers(0, SIZE, (BATCH, NUM_READ + J)).astype(np.int32)
    return params, text


def nats(logits, targets):
    """Mean cross-entropy in float64, from its definition."""
    y = np.asarray(logits, np.float64)
    log_sum = np.log(np.exp(y).sum(-1))
    return float(np.mean(log_sum - y[np.arange(len(y)), targets]))


def test_true_pasts_and_own_samples_are_those_of_a_python_loop():
    params, text = setting()
    key = jax.random.key(4)
    losses = jax.jit(lambda x: free_running_loss(MODEL, params, x, NUM_READ, key))
    forced, free = losses(jnp.asarray(text))

    step = jax.jit(MODEL.step)
    expected = {"forced": [], "free": []}
    for name, found in expected.items():
        carry, logits = MODEL.initial(params, jnp.asarray(text[:, :1])), None
        for place in range(NUM_READ):
            carry, logits = step(params, carry, jnp.asarray(text[:, place]))
        for j in range(J):
            found.append(nats(logits, text[:, NUM_READ + j]))
            own = jax.random.categorical(jax.random.fold_in(key, j), logits)
            true = jnp.asarray(text[:, NUM_READ + j])
            token = true if name == "forced" else own.astype(jnp.int32)
            carry, logits = step(params, carry, token)

    # Float32 sums in another order.
    np.testing.assert_allclose(forced, expected["forced"], rtol=1e-5)
    np.testing.assert_allclose(free, expected["free"], rtol=1e-5)
    assert forced[0] == free[0] and abs(forced[1] - free[1]) > 1e-3
