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
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from lib.ops.linear import project
from lib.types import Carry, Interface, Model, Params, PRNGKey

MakeLayer = Callable[[int, int], nn.Module]


def stack(
    interface: Interface,
    make_layer: MakeLayer,
    hidden_size: int,
    *,
    num_layers: int = 1,
    embedding_size: int = 0,
    receptive_field: int | None = None,
) -> Model:
    """A model of `make_layer(index, input_size)` for index 0 to num_layers - 1.

    With embedding_size 0 tokens enter as one-hot vectors, and floats as they are.
    """
    module = Stack(interface, make_layer, hidden_size, num_layers, embedding_size)

    def init(key: PRNGKey, inputs: PyTree) -> Params:
        # Through one step, and only from the shapes of the inputs: the program is small
        # and the same for sequences of every length.
        x = jnp.zeros((inputs.shape[0], *inputs.shape[2:]), inputs.dtype)
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
        after: Any = module.apply({"params": params}, carry, inputs, reset)
        return after[1], after[0]

    def step(params: Params, carry: Carry, x: PyTree) -> tuple[Carry, PyTree]:
        after: Any = module.apply({"params": params}, carry, x, method=Stack.step)
        return after

    return Model(init, initial, apply, step, receptive_field)


class Stack(nn.Module):
    """Embedding, layers, readout. The carry is a tuple of the layers' carries."""

    interface: Interface
    make_layer: MakeLayer
    hidden_size: int
    num_layers: int
    embedding_size: int

    def setup(self) -> None:
        size = self.interface.input_size
        dense = nn.initializers.lecun_normal()
        if self.embedding_size:
            self.E = self.param("E", dense, (size, self.embedding_size))
            size = self.embedding_size
        sizes = [size] + [self.hidden_size] * (self.num_layers - 1)
        self.layer = [self.make_layer(i, size) for i, size in enumerate(sizes)]
        shape = (self.hidden_size, self.interface.output_size)
        self.V = self.param("V", dense, shape)
        self.c = self.param("c", nn.initializers.zeros, shape[1:])

    def initial(self, batch_size: int) -> Carry:
        return tuple(layer.initial(batch_size) for layer in self.layer)

    def __call__(self, carry: Carry, inputs: Array, reset: Array | None) -> Any:
        h = self._embed(jnp.swapaxes(inputs, 0, 1))  # [T, B, D]
        reset = None if reset is None else reset.T
        carries = []
        for layer, before in zip(self.layer, carry, strict=True):
            after, h = layer(before, h, reset)
            carries.append(after)
        y = project(h, self.V, self.c)
        return tuple(carries), jnp.swapaxes(y, 0, 1)

    def step(self, carry: Carry, x: Array) -> Any:
        h = self._embed(x)
        carries = []
        for layer, before in zip(self.layer, carry, strict=True):
            after, h = layer.step(before, h)
            carries.append(after)
        return tuple(carries), project(h, self.V, self.c)

    def first_step(self, x: Array) -> Any:
        return self.step(self.initial(len(x)), x)

    def _embed(self, inputs: Array) -> Float[Array, "*N D"]:
        size = self.interface.vocabulary_size
        if not size:
            return project(inputs, self.E) if self.embedding_size else inputs
        if not self.embedding_size:
            return jax.nn.one_hot(inputs, size)
        if jax.default_backend() == "cpu":
            return self.E[inputs]  # 1.5 to 6 times faster than the product
        # A product, because the gradient of a lookup adds in no fixed order on a GPU.
        return project(jax.nn.one_hot(inputs, size), self.E)
