"""What a picture's side costs: a feed-forward network beside one of convolutions.

    feed-forward   every pixel an input of each of `HIDDEN` units
    convolutional  blocks of 3 x 3 filters and 4 x 4 pooling, as many as it takes to
                   reach one place: 16 filters, then 32 a block

A unit of the first sees all pixels through weights of its own; one of the second sees
few, through weights that all places share. To compute the convolution's first maps by
a matrix takes a weight for every pixel and every unit (Goodfellow, Bengio & Courville
2016, section 9.2, figure 9.6): `dense_weights`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from lib.cost import count_flops
from lib.optimizer import make_optimizer
from lib.registry import MODELS
from lib.types import Interface, Model

HIDDEN, CLASSES = 128, 10
FILTERS, MORE_FILTERS, POOL = 16, 32, 4
NETWORKS = ("feed-forward", "convolutional")


class Cost(NamedTuple):
    """What a network costs for pictures of one side, computed before it runs."""

    parameters: int
    flops: int  # of an answer to one picture, two for a multiply and add
    memory: int  # bytes that XLA plans for a training step of Adam with one picture


class Planned(NamedTuple):
    """A network's cost, and its compiled training step: `step(state, image)` -> state.

    `start()` allocates the first state and an image.
    """

    cost: Cost
    start: Callable[[], tuple[Any, Float[Array, "1 S S 1"]]]
    step: Callable[[Any, Float[Array, "1 S S 1"]], Any]


def num_blocks(side: int) -> int:
    """Blocks until pooling has left one place of a picture."""
    blocks, places = 0, side
    while places > 1 or not blocks:
        blocks, places = blocks + 1, -(-places // POOL)
    return blocks


def make_network(name: str, side: int) -> Model:
    """One of `NETWORKS`, for grey pictures of a side."""
    interface = Interface(0, 1, CLASSES, image=(side, side, 1))
    if name == "feed-forward":
        return MODELS["mlp"](interface, hidden_size=HIDDEN, num_layers=1)
    filters = (FILTERS, *[MORE_FILTERS] * (num_blocks(side) - 1))
    return MODELS["cnn"](
        interface, filters=filters, kernel_size=3, pool_size=POOL, hidden_size=0
    )


def dense_weights(inputs: tuple[int, int], outputs: tuple[int, int]) -> int:
    """Entries of the matrix that does what one filter does: pixels times places."""
    return inputs[0] * inputs[1] * outputs[0] * outputs[1]


def plan(name: str, side: int) -> Planned:
    """Counted and compiled from shapes alone: nothing is allocated before `start`."""
    model, tx = make_network(name, side), make_optimizer("adam", 1)
    image = jax.ShapeDtypeStruct((1, side, side, 1), jnp.float32)

    def start() -> Any:
        params = model.init(jax.random.key(0), jnp.zeros(image.shape))
        return (params, tx.init(params)), jnp.ones(image.shape)

    def answer(params: Any, image: Array) -> Array:
        return model.apply(params, (), image, None, None)[0]

    def step(state: Any, image: Array) -> Any:
        params, opt_state = state
        loss = lambda params: -jax.nn.log_softmax(answer(params, image))[0, 0, 0]
        updates, opt_state = tx.update(jax.grad(loss)(params), opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    state, _ = jax.eval_shape(start)
    compiled = jax.jit(step, donate_argnums=0).lower(state, image).compile()
    cost = Cost(
        sum(x.size for x in jax.tree.leaves(state[0])),
        count_flops(answer, state[0], image),
        _bytes(compiled.memory_analysis()),
    )
    return Planned(cost, jax.jit(start), compiled)


def _bytes(planned: Any) -> int:
    """All that is alive at once: what goes in and comes out, and what lies between."""
    ends = planned.argument_size_in_bytes + planned.output_size_in_bytes
    return ends - planned.alias_size_in_bytes + planned.temp_size_in_bytes
