"""Feed-forward network: every pixel an input (Rumelhart, Hinton & Williams 1986).

    h_0 = the pixels and channels in a row        h_i = relu(h_{i-1} U_i + b_i)
    y = h_L V + c

O(H W C hidden_size) for a picture: parameters and FLOPs grow with its area.
"""

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from lib.models.picture import picture_model, show
from lib.models.stack import drop
from lib.setting import Count, Probability, Size
from lib.types import Interface, Model, PRNGKey
from lib.window import WHOLE


class Feedforward(nn.Module):
    """Layers of `hidden_size` and a readout over vectors [B, D]."""

    hidden_size: int
    num_layers: int
    output_size: int
    dropout: float

    @nn.compact
    def __call__(
        self, h: Float[Array, "B D"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        zeros = nn.initializers.zeros
        for i in range(self.num_layers):
            shape = (h.shape[-1], self.hidden_size)
            U = self.param(f"U_{i}", nn.initializers.he_normal(), shape)
            b = self.param(f"b_{i}", zeros, shape[1:])
            h = self._drop(h, key, i) if i else h
            h = jax.nn.relu(h @ U + b[None, :])
            show(self, f"hidden {i + 1}", h)
        shape = (h.shape[-1], self.output_size)
        V = self.param("V", nn.initializers.lecun_normal(), shape)
        c = self.param("c", zeros, shape[1:])
        y = self._drop(h, key, self.num_layers) @ V + c[None, :]
        show(self, "answer", y)
        return y

    def _drop(self, h: Array, key: PRNGKey | None, place: int) -> Array:
        return drop(h[None], self.dropout, key, place)[0]


class Mlp(nn.Module):
    """A feed-forward network over the pixels of a picture in a row."""

    hidden_size: int
    num_layers: int
    output_size: int
    dropout: float

    @nn.compact
    def __call__(
        self, images: Float[Array, "B H W C"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        layers = Feedforward(
            self.hidden_size, self.num_layers, self.output_size, self.dropout
        )
        nn.share_scope(self, layers)
        return layers(images.reshape(len(images), -1), key)


def make_mlp(
    interface: Interface,
    *,
    hidden_size: Size = 256,
    num_layers: Count = 2,
    dropout: Probability = 0.0,
) -> Model:
    """`num_layers` layers; `dropout` is left out of what each but the first reads."""
    names = [*(f"hidden {i + 1}" for i in range(num_layers)), "answer"]
    return picture_model(
        Mlp(hidden_size, num_layers, interface.output_size, dropout),
        {name: (WHOLE, WHOLE) for name in names},
    )
