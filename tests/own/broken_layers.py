"""Layers of `stack` that lack something."""

import flax.linen as nn
import jax.numpy as jnp

from lib.models.stack import stack
from lib.ops.chunk import scan_with_resets
from lib.types import Interface, Model


class Whole(nn.Module):
    """h_t = h_{t-1} / 2 + x_t U, of the whole sequence alone."""

    input_size: int
    hidden_size: int

    def setup(self):
        shape = (self.input_size, self.hidden_size)
        self.U = self.param("U", nn.initializers.lecun_normal(), shape)

    def initial(self, batch_size):
        return jnp.zeros((batch_size, self.hidden_size))

    def __call__(self, h, x, reset):
        def next_one(h, x):
            h = h / 2 + x @ self.U
            return h, h

        return scan_with_resets(next_one, self.initial(x.shape[1]), h, x, reset)


class Narrow(Whole):
    def __call__(self, h, x, reset):
        h, y = super().__call__(h, x, reset)
        return h, y[:, :, :3]


def whole(interface: Interface) -> Model:
    return stack(interface, lambda _, size: Whole(size, 4), 4)


def narrow(interface: Interface) -> Model:
    return stack(interface, lambda _, size: Narrow(size, 4), 4)
