"""Writing: a model's own predictions fed back as its next inputs, in one program."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from lib.types import Model, Params, PRNGKey


def generate(
    model: Model,
    params: Params,
    prompt: Int[Array, "B P"],
    num_tokens: int,
    temperature: Float[Array, ""],
    key: PRNGKey,
) -> Int[Array, "B N"]:
    """N tokens after a prompt of at least one, drawn from softmax(y / temperature).

    The whole loop is one scan: token i comes from the output after token i - 1, with
    the key fold_in(key, i).
    """

    def read(carry: tuple, token: Int[Array, " B"]) -> tuple:
        state, _ = carry
        return model.step(params, state, token), None

    def write(carry: tuple, index: Int[Array, ""]) -> tuple:
        state, logits = carry
        token = jax.random.categorical(
            jax.random.fold_in(key, index), logits / temperature
        ).astype(prompt.dtype)
        return model.step(params, state, token), token

    start = model.step(params, model.initial(params, prompt[:, :1]), prompt[:, 0])
    carry, _ = lax.scan(read, start, prompt[:, 1:].T)
    _, tokens = lax.scan(write, carry, jnp.arange(num_tokens))
    return tokens.T
