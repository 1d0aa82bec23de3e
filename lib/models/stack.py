"""Layers one above the other, between an embedding and a readout y = h V + c.

Vectors are rows, and inside a stack time is the first axis: x [T, B, D], h [T, B, H].
A layer is a Linen module with four methods, and all that a model of one's own needs:

    class Leaky(nn.Module):                      # h_t = a h_{t-1} + x_t U
        input_size: int
        hidden_size: int

        def setup(self):
            shape = (self.input_size, self.hidden_size)
            self.U = self.param("U", nn.initializers.lecun_normal(), shape)
            self.a = self.param("a", nn.initializers.ones, (self.hidden_size,))

        def initial(self, batch_size):           # the carry before the first step
            return jnp.zeros((batch_size, self.hidden_size))

        def step(self, h, x):                    # one step, x [B, D]
            h = self.a[None, :] * h + x @ self.U
            return h, h

        def __call__(self, h, x, reset):         # all steps, x [T, B, D]
            initial = self.initial(x.shape[1])
            return scan_with_resets(self.step, initial, h, x, reset)

    def make_leaky(interface: Interface, *, hidden_size: Size = 64) -> Model:
        return stack(interface, lambda _, size: Leaky(size, hidden_size), hidden_size)

`__call__` and `step` return the next carry, a pytree with leading axis B, and the
outputs, of hidden_size. Parameters are a dict: layer_0, layer_1, ... hold the layers'
own, E the embedding [D, embedding_size] where there is one, V and c the readout.
"""

from collections.abc import Callable
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from lib.error import LayerShapeError
from lib.ops.linear import project
from lib.ops.pooling import POOLS
from lib.types import Carry, Interface, Model, Params, PRNGKey

MakeLayer = Callable[[int, int], nn.Module]
Pooling = Literal["last", "mean", "max"]
Direction = Literal["forward", "both"]


def stack(
    interface: Interface,
    make_layer: MakeLayer,
    hidden_size: int,
    *,
    num_layers: int = 1,
    embedding_size: int = 0,
    dropout: float = 0.0,
    pooling: Pooling = "last",
    direction: Direction = "forward",
    receptive_field: int | None = None,
) -> Model:
    """A model of `make_layer(index, input_size)` for index 0 to num_layers - 1.

    With embedding_size 0 tokens enter as one-hot vectors, and floats as they are.
    `dropout` is the share of features left out of each layer's input and of the
    readout's in training, the same ones at every step of a sequence (Gal & Ghahramani
    2016, arXiv:1512.05287); static, so that a rate of 0 costs nothing. `pooling` is
    what the readout sees of the steps so far: the last, their mean, or their maximum.

    With direction "both" each layer has a second one that reads from the last word to
    the first, and the readout sees both (Schuster & Paliwal 1997, IEEE Trans. Signal
    Processing 45(11)): the mean or maximum over all words, or where each of the two
    ended. One answer for the sequence, given at every position.
    """
    if direction == "both":
        check_padded(interface)
    module = Stack(
        interface,
        make_layer,
        hidden_size,
        num_layers,
        embedding_size,
        dropout,
        pooling,
        direction,
    )

    def init(key: PRNGKey, inputs: PyTree) -> Params:
        # Through one step, and only from the shapes of the inputs: the program is small
        # and the same for sequences of every length.
        x = jnp.zeros((inputs.shape[0], 1, *inputs.shape[2:]), inputs.dtype)
        return module.init(key, x, method=Stack.first_step)["params"]

    def initial(params: Params, inputs: PyTree) -> Carry:
        variables = {"params": params}
        return module.apply(variables, inputs.shape[0], method=Stack.initial)

    def apply(
        params: Params,
        carry: Carry,
        inputs: PyTree,
        reset: Bool[Array, "B T"] | None,
        key: PRNGKey | None,
    ) -> tuple[Float[Array, "B T V"], Carry]:
        after: Any = module.apply({"params": params}, carry, inputs, reset, key)
        return after[1], after[0]

    def step(params: Params, carry: Carry, x: PyTree) -> tuple[Carry, PyTree]:
        after: Any = module.apply({"params": params}, carry, x, method=Stack.step)
        return after

    causal = direction == "forward"
    field = receptive_field if pooling == "last" and causal else None
    version = 2 if embedding_size else 1  # 2: rows of E have length 1
    return Model(init, initial, apply, step, field, causal, version)


def check_padded(interface: Interface) -> None:
    """Raise ValueError where a model that looks ahead could not tell the end."""
    if not interface.padding:
        raise ValueError(
            "model.direction 'both' needs a task of padded tokens, as text "
            "classification; here the end of a sequence cannot be told"
        )


class Stack(nn.Module):
    """Embedding, layers, pooling, readout.

    The carry is a tuple of the layers' carries and then the pooling's, if it has one.
    """

    interface: Interface
    make_layer: MakeLayer
    hidden_size: int
    num_layers: int
    embedding_size: int
    dropout: float
    pooling: Pooling
    direction: Direction

    def setup(self) -> None:
        size = self.interface.input_size
        dense = nn.initializers.lecun_normal()
        if self.embedding_size:
            # A lookup adds nothing up: its rows have length 1 whatever the vocabulary.
            rows = nn.initializers.variance_scaling(1.0, "fan_out", "normal")
            init = rows if self.interface.vocabulary_size else dense
            self.E = self.param("E", init, (size, self.embedding_size))
            size = self.embedding_size
        width = self.hidden_size * (2 if self.direction == "both" else 1)
        sizes = [size] + [width] * (self.num_layers - 1)
        self.layer = [self.make_layer(i, size) for i, size in enumerate(sizes)]
        if self.direction == "both":
            self.back = [self.make_layer(i, size) for i, size in enumerate(sizes)]
        shape = (width, self.interface.output_size)
        self.V = self.param("V", dense, shape)
        self.c = self.param("c", nn.initializers.zeros, shape[1:])

    def initial(self, batch_size: int) -> Carry:
        if self.direction == "both":
            return ()
        layers = tuple(layer.initial(batch_size) for layer in self.layer)
        if self.pooling == "last":
            return layers
        return *layers, POOLS[self.pooling].initial((batch_size, self.hidden_size))

    def __call__(
        self, carry: Carry, inputs: Array, reset: Array | None, key: PRNGKey | None
    ) -> Any:
        h = self._embed(jnp.swapaxes(inputs, 0, 1))  # [T, B, D]
        if self.direction == "both":
            y = self._both_ways(h, jnp.sum(inputs != 0, axis=1), key)
            return (), jnp.broadcast_to(y[:, None], (*inputs.shape, y.shape[-1]))
        reset = None if reset is None else reset.T
        carries = []
        for i, (layer, before) in enumerate(zip(self.layer, carry, strict=False)):
            after, h = layer(before, drop(h, self.dropout, key, i), reset)
            self._check_width(i, h)
            carries.append(after)
        if self.pooling != "last":
            after, h = POOLS[self.pooling].over_time(carry[-1], h, reset)
            carries.append(after)
        y = project(drop(h, self.dropout, key, self.num_layers), self.V, self.c)
        return tuple(carries), jnp.swapaxes(y, 0, 1)

    def step(self, carry: Carry, x: Array) -> Any:
        if self.direction == "both":
            raise ValueError("a model that reads both ways has no step form")
        h = self._embed(x)
        carries = []
        for layer, before in zip(self.layer, carry, strict=False):
            after, h = layer.step(before, h)
            carries.append(after)
        if self.pooling != "last":
            after, h = POOLS[self.pooling].step(carry[-1], h)
            carries.append(after)
        return tuple(carries), project(h, self.V, self.c)

    def first_step(self, x: Array) -> Any:
        return self(self.initial(len(x)), x, None, None)

    def _check_width(self, index: int, h: Array) -> None:
        if h.shape[-1] != self.hidden_size:
            layer = type(self.layer[index]).__name__
            raise LayerShapeError(
                f"stack: outputs of layer {index} ({layer}) must have hidden_size "
                f"{self.hidden_size} features, got {list(h.shape)} for [T, B, H]"
            )

    def _both_ways(
        self, h: Float[Array, "T B D"], length: Int[Array, " B"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        """The answer to sequences of `length` real steps, the rest of them padding."""
        T, B, _ = h.shape
        place = jnp.arange(T, dtype=jnp.int32)[:, None]  # [T, 1]
        # Read backwards, the first real step comes after the padding.
        start = place == T - jnp.maximum(length, 1)[None, :]
        for i, (layer, back) in enumerate(zip(self.layer, self.back, strict=True)):
            h = drop(h, self.dropout, key, i)
            _, ahead = layer(layer.initial(B), h, None)
            _, behind = back(back.initial(B), jnp.flip(h, 0), start)
            h = jnp.concatenate([ahead, jnp.flip(behind, 0)], axis=-1)
        real = (place < length[None, :])[:, :, None]
        if self.pooling == "last":
            last = jnp.maximum(length - 1, 0)[None, :, None]
            end = jnp.take_along_axis(h, last, axis=0)[0, :, : self.hidden_size]
            h = jnp.concatenate([end, h[0, :, self.hidden_size :]], axis=-1)
        else:
            h = POOLS[self.pooling].over_real(h, real)
        return project(
            drop(h[None], self.dropout, key, self.num_layers)[0], self.V, self.c
        )

    def _embed(self, inputs: Array) -> Float[Array, "*N D"]:
        size = self.interface.vocabulary_size
        if not size:
            return project(inputs, self.E) if self.embedding_size else inputs
        if not self.embedding_size:
            return jax.nn.one_hot(inputs, size)
        return look_up(self.E, inputs)


def look_up(E: Float[Array, "V D"], tokens: Int[Array, "*N"]) -> Float[Array, "*N D"]:
    """The rows of E that tokens stand for."""
    if jax.default_backend() == "cpu":
        return E[tokens]  # 1.5 to 6 times faster than the product
    # A product, because the gradient of a lookup adds in no fixed order on a GPU.
    return project(jax.nn.one_hot(tokens, E.shape[0]), E)


def drop(
    h: Float[Array, "T B D"], rate: float, key: PRNGKey | None, place: int
) -> Float[Array, "T B D"]:
    """h with a share of features left out, the same at every step; none without key."""
    if key is None or not rate:
        return h
    shape = (1, *h.shape[1:])
    kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - rate, shape)
    return jnp.where(kept, h / (1 - rate), jnp.zeros_like(h))
