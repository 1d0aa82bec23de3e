"""The network of lib.models.cnn in Flax's own layers, to be timed beside it.

Not in the registry: the same function (pooling windows must tile the picture), slower.
"""

import flax.linen as nn
from jaxtyping import Array, Float

from lib.models.picture import picture_model
from lib.types import Interface, Model, PRNGKey


class FlaxCnn(nn.Module):
    """nn.Conv, nn.relu and nn.max_pool for each of `filters`, then nn.Dense."""

    filters: tuple[int, ...]
    kernel_size: int
    hidden_size: int
    output_size: int

    @nn.compact
    def __call__(
        self, images: Float[Array, "B H W C"], key: PRNGKey | None
    ) -> Float[Array, "B V"]:
        del key  # no dropout
        x = images
        for count in self.filters:
            x = nn.Conv(count, (self.kernel_size, self.kernel_size))(x)
            x = nn.max_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = nn.relu(nn.Dense(self.hidden_size)(x.reshape(len(x), -1)))
        return nn.Dense(self.output_size)(x)


def make_flax_cnn(
    interface: Interface,
    *,
    filters: tuple[int, ...],
    kernel_size: int,
    hidden_size: int,
) -> Model:
    """What `make_cnn` makes of these settings, of Flax's layers."""
    sizes = tuple(filters), kernel_size, hidden_size, interface.output_size
    return picture_model(FlaxCnn(*sizes))
