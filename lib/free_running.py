"""How errors add up: the loss of a model that reads its own samples.

In training a model always reads the true past (teacher forcing); when it writes it
reads what it wrote itself. Both read the same real text first, and then j symbols, true
ones here and own samples there; what is scored at each j is the true next symbol, in
nats. The two agree at j = 0 and part with every symbol in which the sample differs
(the exposure bias of Ranzato et al. 2016, arXiv:1511.06732, section 3).
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from lib.types import Model, Params, PRNGKey


def free_running_loss(
    model: Model,
    params: Params,
    text: Int[Array, "B T"],
    num_read: int,
    key: PRNGKey,
) -> tuple[Float[Array, " J"], Float[Array, " J"]]:
    """Mean losses by j = 0 to T - num_read - 1, of true pasts and of own samples.

    Each text is read up to `num_read` symbols, at least 1; samples are drawn at
    temperature 1, the one after j others with fold_in(key, j).
    """

    def read(carry: tuple, token: Int[Array, " B"]) -> tuple:
        return model.step(params, carry[0], token), None

    def both(carry: tuple, xs: tuple) -> tuple:
        forced, free = carry
        index, target = xs
        losses = tuple(_nats(logits, target) for _, logits in carry)
        draw_key = jax.random.fold_in(key, index)
        own = jax.random.categorical(draw_key, free[1]).astype(target.dtype)
        forced = model.step(params, forced[0], target)
        free = model.step(params, free[0], own)
        return (forced, free), losses

    first = model.initial(params, text[:, :1])
    start = model.step(params, first, text[:, 0])
    start, _ = lax.scan(read, start, text[:, 1:num_read].T)
    targets = text[:, num_read:].T  # [J, B]
    indices = jnp.arange(len(targets), dtype=jnp.int32)
    return lax.scan(both, (start, start), (indices, targets))[1]


def _nats(logits: Float[Array, "B V"], target: Int[Array, " B"]) -> Float[Array, ""]:
    log_p = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_p, target[:, None], axis=1))
