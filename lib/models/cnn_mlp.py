"""Convolutional network and question into a feed-forward network, the model that
relation networks were compared with (Santoro et al. 2017, arXiv:1706.01427, section
4.2; Antol et al. 2015, arXiv:1505.00468, section 4.2).

    x = places of the picture, in a row       q = where the question's readers ended
    h_1 = relu(U_0 [x, q] + b_0) ...          y = h V + c

The first layer's part for the picture is worked out once for all its questions.
"""

import flax.linen as nn
import jax
from jaxtyping import Array, Float, Int

from lib.models.mlp import Feedforward
from lib.models.question_encoder import (
    Places,
    Reader,
    answering_model,
    encoders,
    grouped,
)
from lib.models.stack import drop
from lib.setting import Probability, Size
from lib.types import Interface, Model, PRNGKey


class CnnMlp(nn.Module):
    """The answer to each question, from all features of all places at once."""

    places: Places
    reader: Reader
    layer_size: int
    num_layers: int
    output_size: int
    dropout: float

    @nn.compact
    def __call__(
        self,
        images: Float[Array, "P H W C"],
        tokens: Int[Array, "B T"],
        key: PRNGKey | None,
    ) -> Float[Array, "B V"]:
        x = self.places(images)
        x = x.reshape(len(x), -1)
        q = grouped(self.reader(tokens).end, len(x))
        size = x.shape[1]
        shape = (size + q.shape[-1], self.layer_size)
        U = self.param("U", nn.initializers.he_normal(), shape)
        b = self.param("b", nn.initializers.zeros, shape[1:])
        h = (x @ U[:size] + b[None, :])[:, None] + q @ U[size:]
        h = jax.nn.relu(h).reshape(len(tokens), -1)
        layers = Feedforward(
            self.layer_size, self.num_layers - 1, self.output_size, self.dropout
        )
        nn.share_scope(self, layers)
        return layers(drop(h[None], self.dropout, key, self.num_layers + 1)[0], key)


def make_cnn_mlp(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (24, 24, 24, 24),
    embedding_size: Size = 32,
    hidden_size: Size = 64,
    layer_size: Size = 256,
    num_layers: Size = 2,
    dropout: Probability = 0.0,
) -> Model:
    """`num_layers` layers of `layer_size` over picture and question."""
    module = CnnMlp(
        *encoders("cnn_mlp", interface, filters, embedding_size, hidden_size),
        layer_size,
        num_layers,
        interface.output_size,
        dropout,
    )
    return answering_model(interface, module)
