"""Loss against context: what a model predicts that sees only the last k tokens.

L(k) is the mean loss of the next token, in nats, when the model starts from its initial
state k tokens before it. The smallest k with L(k) within 0.01 nats of L at the longest
context is the effective context (the restricted-context measure of Khandelwal et al.
2018, arXiv:1805.04623, section 4).
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from lib.types import Model, Params


def context_loss(
    model: Model,
    params: Params,
    windows: Int[Array, "B T"],
    targets: Int[Array, " B"],
    context: Int[Array, ""],
) -> Float[Array, ""]:
    """Mean cross-entropy, in nats, of each target after the last `context` tokens.

    `context` is traced, from 1 to T: one program serves them all, at the price of the
    steps it sees.
    """
    size = windows.shape[1]

    def read(index: Int[Array, ""], state: tuple) -> tuple:
        return model.step(params, state[0], windows[:, index])

    carry = model.initial(params, windows)
    first = size - context
    start = model.step(params, carry, windows[:, first])
    _, logits = lax.fori_loop(first + 1, size, read, start)
    log_p = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_p, targets[:, None], axis=1))
