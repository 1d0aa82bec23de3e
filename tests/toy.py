"""Models and tasks that lack one thing each, as small as can be."""

import jax
import jax.numpy as jnp
import numpy as np

from lib.loss import accuracy, cross_entropy
from lib.types import Batch, Interface, Model, Task

TOKENS = Interface(vocabulary_size=5, input_size=5, output_size=4, padding=True)


def toy_model(*, causal=True, grows=False, resets=True, step=True) -> Model:
    """y_t = V[x_t] + n_t, with n_t the number of resets so far."""

    def apply(params, carry, inputs, reset, key):
        count, past = carry
        if resets and reset is not None:
            so_far = count[:, None] + jnp.cumsum(reset.astype(jnp.float32), axis=1)
        else:
            so_far = jnp.broadcast_to(count[:, None], inputs.shape)
        past = jnp.concatenate([past, inputs], axis=1) if grows else past
        return params[inputs] + so_far[..., None], (so_far[:, -1], past)

    def one(params, carry, x):
        if not step:
            raise NotImplementedError("no step form")
        y, carry = apply(params, carry, x[:, None], None, None)
        return carry, y[:, 0]

    def initial(params, inputs):
        size = inputs.shape[0]
        return jnp.zeros((size,)), jnp.zeros((size, 0), jnp.int32)

    init = lambda key, inputs: jax.random.normal(key, (5, 4))
    return Model(init, initial, apply, one, causal=causal)


def toy_task(*, num_scored=1, padding=True, reset=False, stream=False) -> Task:
    """Six tokens, of which the last `num_scored` are to be repeated."""

    def sample(key, data, length):
        inputs = jax.random.randint(key, (2, 6), 1, 5, jnp.int32)
        mask = jnp.asarray(np.arange(6)[None] >= 6 - num_scored, jnp.float32)
        starts = jnp.zeros((2, 6), bool) if reset else None
        return Batch(inputs, inputs - 1, jnp.broadcast_to(mask, (2, 6)), starts)

    return Task(
        sample,
        TOKENS._replace(padding=padding),
        6,
        cross_entropy,
        {"accuracy": accuracy},
        "accuracy",
        lambda length: 0.25,
        lambda length: 1.0,
        None,
        1,
        stream_at=sample if stream else None,
    )
