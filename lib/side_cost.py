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


class Step(NamedTuple):
    """A training step and the shapes it takes: `step(state, image)` -> state."""

    step: Callable[[Any, Float[Array, "1 S S 1"]], Any]
    init: Callable[[], Any]
    state: Any  # shapes
    image: jax.ShapeDtypeStruct


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


def training_step(model: Model, side: int) -> Step:
    """One step of Adam on one picture; the state is (params, opt_state)."""
    tx = make_optimizer("adam", 1)
    image = jax.ShapeDtypeStruct((1, side, side, 1), jnp.float32)

    def init() -> Any:
        params = model.init(jax.random.key(0), jnp.zeros(image.shape))
        return params, tx.init(params)

    def loss(params: Any, image: Array) -> Array:
        logits = model.apply(params, (), image, None, None)[0]
        return -jax.nn.log_softmax(logits)[0, 0, 0]

    def step(state: Any, image: Array) -> Any:
        params, opt_state = state
        updates, opt_state = tx.update(jax.grad(loss)(params, image), opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    return Step(step, init, jax.eval_shape(init), image)


def cost_of(name: str, side: int) -> Cost:
    """Counted from shapes alone: nothing is allocated, whatever the side."""
    model = make_network(name, side)
    made = training_step(model, side)
    params = made.state[0]
    answer = lambda params, image: model.apply(params, (), image, None, None)[0]
    compiled = jax.jit(made.step, donate_argnums=0).lower(made.state, made.image)
    planned = compiled.compile().memory_analysis()
    memory = planned.argument_size_in_bytes + planned.temp_size_in_bytes
    memory += planned.output_size_in_bytes - planned.alias_size_in_bytes
    return Cost(
        sum(x.size for x in jax.tree.leaves(params)),
        count_flops(answer, params, made.image),
        memory,
    )
