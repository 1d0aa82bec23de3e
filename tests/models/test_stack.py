"""What the stack asks of its layers."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from lib.models.stack import stack
from lib.types import Interface


class Halved(nn.Module):
    """A layer of half as many features as its model says."""

    hidden_size: int

    def initial(self, batch_size):
        return jnp.zeros((batch_size, self.hidden_size))

    def __call__(self, h, x, reset):
        outputs = jnp.zeros((*x.shape[:2], self.hidden_size // 2))
        return h, outputs


def test_a_layer_of_another_width_is_named_with_both_widths():
    model = stack(Interface(0, 3, 2), lambda _, size: Halved(8), 8)
    said = r"layer 0 \(Halved\) must have hidden_size 8 features, got \[1, 2, 4\]"
    with pytest.raises(ValueError, match=said):
        model.init(jax.random.key(0), jnp.zeros((2, 5, 3)))
