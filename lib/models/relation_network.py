"""Relation network: A simple neural network module for relational reasoning (Santoro et
al. 2017, arXiv:1706.01427, equation 1 and section 4.2).

    y = f( mean_{i,j} g(o_i, o_j, q) )

o_i are the places of the last convolution with their coordinates, q is the question; g
and f are feed-forward networks with relus. O(N^2 G^2) a question for N places and
layers of G. The first layer of g is U_a o_i + U_b o_j + U_q q + b: its parts are worked
out once for a picture or a question, and pairs only add them.

Deviations: the mean in place of the sum, so that the picture's size does not scale the
answer; the question is read both ways; no dropout unless asked for.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lib.models.mlp import Feedforward
from lib.models.question_encoder import (
    Places,
    Reader,
    answering_model,
    encoders,
    grouped,
)
from lib.ops.image import with_coordinates
from lib.ops.linear import project
from lib.setting import Probability, Size
from lib.types import Interface, Model, PRNGKey


class RelationNetwork(nn.Module):
    """The answer to each question from all pairs of places."""

    places: Places
    reader: Reader
    relation_size: int
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
        o = with_coordinates(self.places(images))  # [P, N, D]
        q = grouped(self.reader(tokens).end, len(o))  # [P, Q, H]
        (D, H), G = (o.shape[-1], q.shape[-1]), self.relation_size
        init, zeros = nn.initializers.he_normal(), nn.initializers.zeros
        U = self.param("U", init, (2 * D + H, G))
        b = self.param("b", zeros, (G,))
        U_a, U_b, U_q = jnp.split(U, [D, 2 * D])
        pairs = project(o, U_a)[:, :, None] + project(o, U_b)[:, None]  # [P, N, N, G]
        z = pairs[:, None] + (project(q, U_q) + b[None, None, :])[:, :, None, None]
        h = jax.nn.relu(z).reshape(len(tokens), -1, G)  # [B, N^2, G]
        for i in range(1, self.num_layers):
            W = self.param(f"W_{i}", init, (G, G))
            h = jax.nn.relu(project(h, W, self.param(f"b_{i}", zeros, (G,))))
        layers = Feedforward(G, 1, self.output_size, self.dropout, name="f")
        return layers(jnp.mean(h, axis=1), key)


def make_relation_network(
    interface: Interface,
    *,
    filters: tuple[Size, ...] = (24, 24, 24, 24),
    embedding_size: Size = 32,
    hidden_size: Size = 64,
    relation_size: Size = 64,
    num_layers: Size = 3,
    dropout: Probability = 0.0,
) -> Model:
    """g has `num_layers` layers of `relation_size`, f one; places are 2^-filters apart.

    `dropout` is the share of the last layer's inputs left out in training.
    """
    module = RelationNetwork(
        *encoders("relation_network", interface, filters, embedding_size, hidden_size),
        relation_size,
        num_layers,
        interface.output_size,
        dropout,
    )
    return answering_model(interface, module)
